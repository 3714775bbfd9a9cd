// @ts-check
/**
 * How many tests passed, failed and were skipped, from a runner's result file. Plain JavaScript, because
 * the tally runs on the machine's own Node.
 */
import { readFileSync } from 'node:fs'

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * The counts of one result file, vitest's or a check's own. A file that is missing or unreadable is one
 * failure.
 *
 * @param {string} file
 * @returns {Counts}
 */
export function countsOf(file) {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(result.testResults) ? vitestCounts(result) : checkCounts(result)
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

/**
 * @param {any} result
 * @returns {Counts}
 */
function checkCounts(result) {
  const counts = { passed: result.passed, failed: result.failed, skipped: result.skipped }
  const sound = Object.values(counts).every((count) => Number.isInteger(count) && count >= 0)
  if (!sound || counts.passed + counts.failed + counts.skipped === 0) throw new Error('no counts')
  return counts
}

/**
 * vitest's JSON. A test file that failed with no failed test of its own did not load, or broke in a hook:
 * one failure. So does a run that failed for another reason, such as an unhandled rejection.
 *
 * @param {any} result
 * @returns {Counts}
 */
function vitestCounts(result) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of result.testResults) {
    let failedHere = 0
    for (const test of file.assertionResults) {
      if (test.status === 'passed') counts.passed++
      else if (test.status === 'failed') failedHere++
      else counts.skipped++
    }
    if (failedHere === 0 && file.status !== 'passed') failedHere = 1
    counts.failed += failedHere
  }
  if (counts.failed === 0 && (result.success !== true || counts.passed === 0)) counts.failed = 1
  return counts
}
