import { epochMs, seededRng } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { claimsOf } from '../src/graph/conflicts.ts'
import { RecordGraph } from '../src/graph/record-graph.ts'
import type { RecordHeader } from '../src/stores/record-store.ts'
import { lateArrival, timeBounds } from '../src/graph/time-bounds.ts'
import { digest, header, uuid } from './graph-model.ts'

function graphOf(...headers: readonly RecordHeader[]): RecordGraph {
  const graph = new RecordGraph(seededRng(1))
  for (const one of headers) expect(graph.add(one).ok).toBe(true)
  return graph
}

/** a, then b and c after it, then d after both; e alone. */
const diamond = [
  header('a'),
  header('b', ['a']),
  header('c', ['a']),
  header('d', ['b', 'c']),
  header('e'),
]

test('a record waits for its parents, and an id is taken once', () => {
  const graph = graphOf(...diamond)
  const missing = header('f', ['x', 'a', 'y', 'x'])
  expect(graph.add(missing)).toEqual({
    ok: false,
    fault: { code: 'dag/missing-parent', id: 'f', parents: ['x', 'y'] },
  })
  expect(graph.add(header('self', ['self']))).toMatchObject({
    fault: { code: 'dag/missing-parent', parents: ['self'] },
  })
  expect(graph.add(header('a'))).toEqual({ ok: false, fault: { code: 'dag/duplicate', id: 'a' } })
  const other = header('a', [], { hash: digest('another') })
  expect(graph.add(other)).toEqual({ ok: false, fault: { code: 'dag/id-taken', id: 'a' } })
  expect(graph.size).toBe(5)
  expect(graph.has('f')).toBe(false)
  expect(graph.tips()).toEqual(['d', 'e'])
})

test('what is not known has no answer', () => {
  const graph = graphOf(...diamond)
  expect(graph.relation('a', 'nobody')).toBeUndefined()
  expect(graph.path('nobody', 'a')).toBeUndefined()
  expect(graph.commonAncestors('a', 'nobody')).toBeUndefined()
  expect(graph.entry('nobody')).toBeUndefined()
  expect(graph.indexOf('nobody')).toBeUndefined()
  expect(graph.depthOf('nobody')).toBeUndefined()
  expect(graph.conflictOf('nobody')).toBeUndefined()
  expect(graph.withHash(digest('nobody'))).toBeUndefined()
  expect(graph.withHash(new Uint8Array(3))).toBeUndefined()
  expect(graph.parents('nobody')).toEqual([])
  expect(graph.children('nobody')).toEqual([])
  expect(graph.ancestors('nobody')).toEqual({ ids: [], complete: true })
  expect(graph.tips('nowhere')).toEqual([])
})

test('a search that would visit too much says that it does not know', () => {
  const graph = graphOf(
    header('aside'),
    ...Array.from({ length: 50 }, (_, at) => header(`${at}`, at === 0 ? [] : [`${at - 1}`])),
  )
  expect(graph.relation('0', '49')).toBe('before')
  expect(graph.relation('aside', '49', 10)).toBeUndefined()
  expect(graph.relation('aside', '49')).toBe('concurrent')
  expect(graph.path('0', '49', 10)).toBeUndefined()
  expect(graph.commonAncestors('aside', '49', 10)).toBeUndefined()
  expect(graph.commonAncestors('aside', '49')).toEqual([])
  expect(graph.ancestors('49', { depth: 3 }).ids).toEqual(['48', '47', '46'])
})

test('thousands of parents, some of them twice', () => {
  const roots = Array.from({ length: 3_000 }, (_, at) => header(uuid(at)))
  const parents = roots.map(({ id }) => id)
  const graph = graphOf(...roots, header('all', [...parents, ...parents]))
  expect(graph.parents('all')).toEqual(parents)
  expect(graph.tips()).toEqual(['all'])
  expect(graph.edgeCount).toBe(3_000)
})

test('times that are not numbers stand before all others and in no interval', () => {
  const times = [3, Number.NaN, -Infinity, 1, Infinity, Number.NaN, -0]
  const graph = graphOf(...times.map((timestamp, at) => header(`${at}`, [], { timestamp })))
  expect(graph.query({})).toEqual(['4', '0', '3', '6', '2', '5', '1'])
  expect(graph.query({ until: 2 })).toEqual(['3', '6', '2'])
  expect(graph.query({ since: 0 })).toEqual(['4', '0', '3', '6'])
  expect(graph.query({ limit: 0 })).toEqual([])
})

test('a zone that appears late parts what was whole', () => {
  const graph = graphOf(...diamond.slice(0, 3))
  expect(graph.zones).toEqual([''])
  expect(graph.add(header('d', ['b', 'c'], { zone: 'sea' })).ok).toBe(true)
  expect(graph.tips()).toEqual(['d'])
  expect(graph.tips('')).toEqual(['b', 'c'])
  expect(graph.tips('sea')).toEqual(['d'])
  expect(graph.roots('sea')).toEqual(['d'])
  expect(graph.roots('')).toEqual(['a'])
  expect(graph.query({ zone: 'sea' })).toEqual(['d'])
})

test('who was first with a content is said where the graph shows it', () => {
  const contentHash = digest('shared')
  const by = (name: string): Partial<RecordHeader> => ({
    contentHash,
    creatorKeyHash: digest(name),
  })
  const after = graphOf(header('a', [], by('A')), header('b', ['a'], by('B')))
  expect(after.conflictOf('a')!.kind).toBe('different-creators')
  expect(claimsOf(after, after.conflictOf('a')!).map(({ standing }) => standing)).toEqual([
    'prior',
    'subsequent',
  ])
  const beside = graphOf(header('a', [], by('A')), header('b', [], by('A')))
  expect(beside.conflictOf('b')!.kind).toBe('same-creator')
  expect(claimsOf(beside, beside.conflictOf('b')!).map(({ standing }) => standing)).toEqual([
    'concurrent',
    'concurrent',
  ])
})

test('of a content that is written again and again, the first and the newest are named', () => {
  const contentHash = digest('shared')
  const graph = new RecordGraph(seededRng(1))
  for (let at = 0; at < 200; at++) {
    const creatorKeyHash = digest(at === 100 ? 'another' : 'one')
    graph.add(header(`${at}`, [], { contentHash, creatorKeyHash }))
    const count = at + 1
    const kind = at < 100 ? 'same-creator' : 'different-creators'
    expect(graph.conflictOf('0')).toEqual(
      count < 2 ? undefined : expect.objectContaining({ kind, count }),
    )
  }
  const { ids } = graph.conflictOf('7')!
  expect(ids).toEqual(['0', ...Array.from({ length: 63 }, (_, at) => `${137 + at}`)])
  expect(graph.query({ contentHash })).toHaveLength(200)
})

test('the newest tips are given when there are too many', () => {
  const graph = graphOf(...Array.from({ length: 5 }, (_, at) => header(`${at}`)))
  expect(graph.tips(undefined, 2)).toEqual(['3', '4'])
  expect(graph.tips('', 3)).toEqual(['2', '3', '4'])
  expect(graph.add(header('x', ['4'])).ok).toBe(true)
  expect(graph.tips(undefined, 2)).toEqual(['3', 'x'])
  expect(['4', 'x', 'nobody'].map((id) => graph.isTip(id))).toEqual([false, true, false])
})

test('times are bounded by ancestors, by witnesses and by who built on a record', () => {
  const other = digest('somebody else')
  const graph = graphOf(
    header('a', [], { timestamp: 100, firstSeen: epochMs(500_000) }),
    header('b', ['a'], { timestamp: 90, firstSeen: epochMs(500_000) }),
    header('c', ['b'], { timestamp: 300, firstSeen: epochMs(900_000), creatorKeyHash: other }),
    header('d', ['b'], { timestamp: 200, firstSeen: epochMs(900_000) }),
  )
  expect(timeBounds(graph, 'a')).toEqual({
    claimed: 100,
    notBefore: -Infinity,
    notAfter: 500,
    holds: true,
  })
  expect(timeBounds(graph, 'b', [400])).toEqual({
    claimed: 90,
    notBefore: 100,
    notAfter: 300,
    holds: false,
  })
  expect(timeBounds(graph, 'c', [250, 260])).toMatchObject({ notAfter: 250, holds: false })
  expect(timeBounds(graph, 'nobody')).toBeUndefined()
})

test('late arrival has classes', () => {
  const day = 86_400
  const gaps = [-5, 0, day - 1, day, 7 * day, 30 * day, 365 * day, Number.NaN]
  expect(gaps.map((gap) => lateArrival(gap).worth)).toEqual([1, 1, 1, 0.9, 0.5, 0.1, 0.01, 0.01])
  expect(lateArrival(day).lateness).toBe('within-week')
})
