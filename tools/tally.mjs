// @ts-check
/**
 * Adds up what the runners of the last `npm test` wrote into results/ and prints it as the last line.
 * Its argument is the exit code of that run. Plain JavaScript, run by the machine's own Node.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countsOf } from './counts.mjs'

const tools = dirname(fileURLToPath(import.meta.url))
const status = Number(process.argv[2] ?? 0)
/** @type {{ name: string }[]} */
const steps = JSON.parse(readFileSync(join(tools, 'steps.json'), 'utf8'))
const sum = { passed: 0, failed: 0, skipped: 0 }
for (const { name } of steps) {
  const counts = countsOf(join(tools, '..', 'results', `${name}.json`))
  sum.passed += counts.passed
  sum.failed += counts.failed
  sum.skipped += counts.skipped
}
// A run that failed although every runner is content is itself a failure.
if (status !== 0 && sum.failed === 0) sum.failed = 1
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exitCode = status !== 0 ? status : sum.failed > 0 ? 1 : 0
