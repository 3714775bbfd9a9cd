#!/usr/bin/env node
import { kithProgram, runProgram } from './program.ts'

process.exitCode = await runProgram(kithProgram(), process.argv.slice(2))
