import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRng } from '@kithnet/kernel'
import {
  fixedLatency,
  type Latency,
  planet,
  quantileLatency,
  regionLatency,
  type RegionMatrix,
  uniformLatency,
} from '@kithnet/testkit'
import { expect, test } from 'vitest'

function draws(latency: Latency): number[] {
  const rng = seededRng(1)
  return Array.from({ length: 10_000 }, () => latency.ms(0, 1, rng))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

test('a fixed latency is what it is', () => {
  expect(new Set(draws(fixedLatency(7)))).toEqual(new Set([7]))
})

test('a uniform latency keeps its bounds and its mean', () => {
  const values = draws(uniformLatency(10, 30))
  expect(Math.min(...values)).toBeGreaterThanOrEqual(10)
  expect(Math.max(...values)).toBeLessThan(30)
  expect(mean(values)).toBeCloseTo(20, 0)
})

test('quantiles give their distribution', () => {
  const values = draws(quantileLatency([1, 2, 4, 100]))
  const below = (ms: number): number => values.filter((value) => value < ms).length / values.length
  expect(below(2)).toBeCloseTo(1 / 3, 1)
  expect(below(4)).toBeCloseTo(2 / 3, 1)
  expect(Math.max(...values)).toBeLessThan(100)
})

function checkMatrix({ regions, rttMs }: RegionMatrix): void {
  expect(rttMs).toHaveLength(regions.length)
  const latency = regionLatency({ regions, rttMs })
  const rng = seededRng(1)
  for (let from = 0; from < regions.length; from++) {
    for (let to = 0; to < regions.length; to++) {
      expect(latency.ms(from, to + regions.length, rng)).toBe(rttMs[from]![to]! / 2)
    }
  }
}

test('our planet is symmetric, and peers live in its regions in turn', () => {
  checkMatrix(planet)
  for (const [from, row] of planet.rttMs.entries()) {
    for (const [to, rtt] of row.entries()) expect(rtt).toBe(planet.rttMs[to]![from])
  }
})

const measured = join(
  import.meta.dirname,
  '../../../../shared/vectors/kat/sim/ibm_regions_rtt_2024-08.json',
)

test.skipIf(!existsSync(measured))('a measured matrix serves as well', () => {
  checkMatrix(JSON.parse(readFileSync(measured, 'utf8')) as RegionMatrix)
})
