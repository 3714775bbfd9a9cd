import { equalBytes, type Rng, seededRng, toHex } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordGraph } from '../src/graph/record-graph.ts'
import type { RecordHeader } from '../src/stores/record-store.ts'
import { digest, header, uuid } from './graph-model.ts'

/** Records of few authors at few places, so that many contradict each other, some in ways that no honest author has. */
function contradicting(rng: Rng, count: number): RecordHeader[] {
  const headers: RecordHeader[] = []
  const base = rng.u32()
  const idOf = (index: number): string => uuid(`${base} ${index}`)
  for (let index = 0; index < count; index++) {
    const before = headers[rng.below(Math.max(1, headers.length))]
    const isKnown = rng.below(2) === 0
    // Some are named before they come.
    const named = isKnown && before !== undefined ? before.id : idOf(rng.below(count + 4))
    const seq = rng.below(6)
    headers.push(
      header(idOf(index), before && rng.below(2) === 0 ? [before.id] : [], {
        creatorKeyHash: digest(`author ${rng.below(3)}`),
        chain: {
          stream: toHex(digest(`stream ${rng.below(2)}`).subarray(0, 16)),
          seq,
          prev: seq === 0 ? undefined : toHex(digest(`hash of ${named}`)),
        },
      }),
    )
  }
  return headers
}

function contradict(a: RecordHeader, b: RecordHeader): string | undefined {
  if (!equalBytes(a.creatorKeyHash, b.creatorKeyHash)) return undefined
  if (a.chain!.stream === b.chain!.stream && a.chain!.seq === b.chain!.seq) return 'same-place'
  const { prev } = a.chain!
  return prev !== undefined && prev === b.chain!.prev ? 'same-previous' : undefined
}

test('whoever contradicts an earlier record of its author is found, and nobody else', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.nat(40), (seed, count) => {
      const headers = contradicting(seededRng(seed), count)
      const graph = new RecordGraph(seededRng(seed))
      for (const [index, one] of headers.entries()) {
        const before = graph.equivocationCount
        expect(graph.add(one).ok).toBe(true)
        const found = graph.equivocations(before)
        const contradicted = headers.slice(0, index).map((other) => contradict(other, one))
        const kinds = contradicted.filter((kind) => kind !== undefined)
        expect(found.length).toBe(kinds.length > 0 ? 1 : 0)
        for (const { kind, ids, creatorKeyHash } of found) {
          expect(kind).toBe(kinds.includes('same-place') ? 'same-place' : 'same-previous')
          expect(ids[1]).toBe(one.id)
          expect(creatorKeyHash).toEqual(one.creatorKeyHash)
          const first = headers.findIndex(({ id }) => id === ids[0])
          expect(contradicted[first]).toBe(kind)
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('an honest chain over restarts contradicts nothing', () => {
  const graph = new RecordGraph(seededRng(1))
  let last: RecordHeader | undefined
  for (let start = 0; start < 3; start++) {
    const stream = toHex(digest(`start ${start}`).subarray(0, 16))
    for (let seq = 0; seq < 5; seq++) {
      const next = header(uuid(`${start} ${seq}`), last ? [last.id] : [], {
        chain: { stream, seq, prev: seq === 0 ? undefined : toHex(last!.hash) },
      })
      expect(graph.add(next).ok).toBe(true)
      last = next
    }
  }
  expect(graph.equivocations()).toEqual([])
})
