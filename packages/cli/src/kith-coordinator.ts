#!/usr/bin/env node
import { coordinatorProgram } from './coordinator.ts'
import { runProgram } from './program.ts'

process.exitCode = await runProgram(coordinatorProgram(), process.argv.slice(2))
