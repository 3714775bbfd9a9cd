import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodedError } from '@kithnet/kernel'
import { runSeeds, type SeedFault } from '@kithnet/testkit'
import { afterAll, expect, test } from 'vitest'
import { echoes } from './echo.ts'

const folder = mkdtempSync(join(tmpdir(), 'kithnet-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function failureOf(run: () => unknown): CodedError<SeedFault> {
  try {
    run()
  } catch (error) {
    if (error instanceof CodedError) return error as CodedError<SeedFault>
    throw error
  }
  throw new Error('nothing failed')
}

test('a failing seed is named, and its event log written', () => {
  const tried: number[] = []
  const error = failureOf(() =>
    runSeeds(
      'ping',
      [1, 2, 3],
      ({ seed, log }) => {
        tried.push(seed)
        const { network } = echoes(['a', 'b'], { seed, ...(log === undefined ? {} : { log }) })
        network.inject('a', { type: 'write', key: 'k', value: Uint8Array.of(1, 255) })
        network.inject('a', { type: 'say', to: 'b', text: 'ping' })
        network.run(1_000)
        if (seed === 2) throw new Error('two is wrong')
      },
      { folder },
    ),
  )
  expect(tried).toEqual([1, 2, 2])
  expect(error.fault).toEqual({
    code: 'testkit/seed-failed',
    seed: 2,
    logFile: join(folder, 'ping-seed-2.jsonl'),
  })
  expect(error.message).toContain('under seed 2: two is wrong')
  expect(error.message).toContain(error.fault.logFile)
  const lines = readFileSync(error.fault.logFile, 'utf8').trimEnd().split('\n')
  const steps = lines.map((line): unknown => JSON.parse(line))
  expect(steps[0]).toEqual({
    at: 0,
    peer: 'a',
    event: { type: 'write', key: 'k', value: '01ff' },
    effects: [{ type: 'persist', key: 'k', value: '01ff' }],
  })
  expect(steps).toContainEqual({
    at: 50,
    peer: 'b',
    event: { type: 'received', from: 'a', message: 'ping' },
    effects: [{ type: 'send', to: 'a', message: 'pong' }],
  })
})

test('a seed that fails only once is not deterministic, and that is said', () => {
  let runs = 0
  const error = failureOf(() =>
    runSeeds(
      'flaky',
      [5],
      () => {
        if (runs++ === 0) throw new Error('once')
      },
      { folder },
    ),
  )
  expect(error.fault.code).toBe('testkit/not-deterministic')
})

test('seeds that hold give their results', () => {
  expect(runSeeds('square', [1, 2, 3], ({ seed }) => seed * seed)).toEqual([1, 4, 9])
})
