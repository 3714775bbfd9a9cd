import { pick, seededRng } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { type BlockCode, blockCode } from '../src/block-code.ts'
import { constraintRows, hdpcPlaces } from '../src/constraint-rows.ts'
import { inverse, power, product } from '../src/octets.ts'
import { planFor } from '../src/plan.ts'

/** Rank of the whole constraint matrix by plain elimination, the HDPC part from its definition as a product. */
function rank(code: BlockCode, ids: Int32Array): number {
  const { s, h, l, padded } = code
  const { starts, columns, count } = constraintRows(code, ids)
  const rows = Array.from({ length: count }, (_, row) => {
    const octets = new Uint8Array(l)
    for (let at = starts[row]!; at < starts[row + 1]!; at++) octets[columns[at]!]! ^= 1
    return octets
  })
  const places = hdpcPlaces(code)
  const width = padded + s
  for (let row = 0; row < h; row++) {
    const octets = rows[s + row]!
    for (let middle = 0; middle < width; middle++) {
      const last = middle === width - 1
      const factor = last
        ? power(row)
        : Number(places[2 * middle] === row || places[2 * middle + 1] === row)
      // GAMMA has alpha to the i - j below and on the diagonal.
      if (factor === 0) continue
      for (let column = 0; column <= middle; column++) {
        octets[column]! ^= product(factor, power((middle - column) % 255))
      }
    }
    octets[width + row]! ^= 1
  }
  let found = 0
  for (let column = 0; column < l; column++) {
    const at = rows.findIndex((row, index) => index >= found && row[column] !== 0)
    if (at < 0) continue
    const pivot = rows[at]!
    rows[at] = rows[found]!
    rows[found++] = pivot
    const scale = inverse(pivot[column]!)
    for (let other = found; other < rows.length; other++) {
      const factor = product(scale, rows[other]![column]!)
      if (factor === 0) continue
      for (let next = column; next < l; next++) {
        rows[other]![next]! ^= product(factor, pivot[next]!)
      }
    }
  }
  return found
}

test('there is a plan if and only if the matrix has full rank', () => {
  const rng = seededRng('rank')
  let singular = 0
  for (let run = 0; run < 3_000; run++) {
    const code = blockCode(pick(rng, [10, 10, 10, 12, 18, 20, 26]) ?? 10)
    const extra = rng.below(4) === 0 ? 1 : 0
    const ids = new Int32Array(code.padded + extra)
    // Twice the same symbol, and few different ones, make singular matrices more frequent.
    const range = rng.below(2) === 0 ? 2 ** 24 : 3 * code.padded
    for (let index = 0; index < ids.length; index++) ids[index] = rng.below(range)
    const full = rank(code, ids) === code.l
    if (!full) singular++
    expect(planFor(code, ids) !== undefined, `run ${run}`).toBe(full)
  }
  expect(singular).toBeGreaterThan(100)
})

test('too few symbols have no plan', () => {
  const code = blockCode(10)
  expect(
    planFor(
      code,
      Int32Array.from({ length: 9 }, (_, id) => id),
    ),
  ).toBeUndefined()
  expect(planFor(code, new Int32Array(0))).toBeUndefined()
})

test('systematic matrices of up to 1,000 symbols are regular', () => {
  for (let size = 1; size <= 1_000; size = blockCode(size).padded + 1) {
    const code = blockCode(size)
    const ids = Int32Array.from({ length: code.padded }, (_, id) => id)
    expect(planFor(code, ids), `K' = ${code.padded}`).toBeDefined()
  }
})
