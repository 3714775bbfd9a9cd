import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countsOf } from '../counts.mjs'
import { plant } from './planted-workspace.ts'

function counted(result: unknown): unknown {
  using workspace = plant({ 'result.json': result })
  return countsOf(join(workspace.root, 'result.json'))
}

const file = (status: string, ...tests: readonly string[]): unknown => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
})
const oneFailure = { passed: 0, failed: 1, skipped: 0 }

test('a result that is missing or cannot be read is one failure', () => {
  expect(countsOf('/nowhere/result.json')).toEqual(oneFailure)
  expect(counted('{')).toEqual(oneFailure)
  expect(counted({})).toEqual(oneFailure)
  expect(counted({ passed: 0, failed: 0, skipped: 0 })).toEqual(oneFailure)
  expect(counted({ passed: '3', failed: 0, skipped: 0 })).toEqual(oneFailure)
})

test('a check counts as it says', () => {
  const counts = { passed: 3, failed: 1, skipped: 2 }
  expect(counted(counts)).toEqual(counts)
})

test("vitest's tests are counted one by one", () => {
  const testResults = [
    file('passed', 'passed', 'passed', 'skipped', 'todo'),
    file('failed', 'failed', 'passed', 'pending'),
  ]
  expect(counted({ success: false, testResults })).toEqual({
    passed: 3,
    failed: 1,
    skipped: 3,
  })
})

test('a test file that did not load is one failure', () => {
  const testResults = [file('passed', 'passed'), file('failed')]
  expect(counted({ success: false, testResults })).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
  })
})

test('a run that failed without a failed test is one failure, and so is a run without tests', () => {
  const testResults = [file('passed', 'passed')]
  expect(counted({ success: false, testResults })).toMatchObject({ failed: 1 })
  expect(counted({ success: true, testResults: [] })).toEqual(oneFailure)
})
