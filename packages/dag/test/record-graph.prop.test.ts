import { concat, equalBytes, fromHex, seededRng } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordGraph } from '../src/graph/record-graph.ts'
import type { RecordFilter } from '../src/graph/record-query.ts'
import type { PackedHeader, RecordHeader } from '../src/stores/record-store.ts'
import { digest, GraphModel, randomHeaders, type Shape, zoneOf } from './graph-model.ts'

const shape: fc.Arbitrary<Shape> = fc.record({
  records: fc.integer({ min: 0, max: 48 }),
  parents: fc.integer({ min: 0, max: 4 }),
  reach: fc.integer({ min: 1, max: 48 }),
  zones: fc.integer({ min: 1, max: 3 }),
  creators: fc.integer({ min: 1, max: 4 }),
  shared: fc.integer({ min: 1, max: 20 }),
  odd: fc.boolean(),
})
const graphs = fc.tuple(shape, fc.nat(2 ** 31)).map(([one, seed]) => {
  const headers = randomHeaders(seededRng(seed), one)
  const graph = new RecordGraph(seededRng(seed + 1))
  const model = new GraphModel()
  for (const header of headers) {
    expect(graph.add(header)).toEqual({ ok: true, value: model.headers.length })
    model.add(header)
  }
  return { headers, graph, model, rng: seededRng(seed + 2) }
})

test('parents, children, tips, roots and depths are those of the model', () => {
  fc.assert(
    fc.property(graphs, ({ headers, graph, model }) => {
      expect(graph.size).toBe(headers.length)
      expect([...graph.ids()]).toEqual(headers.map(({ id }) => id))
      expect(graph.edgeCount).toBe(headers.reduce((sum, one) => sum + new Set(one.parents).size, 0))
      expect(graph.tips()).toEqual(model.tips())
      expect(graph.tipCount).toBe(model.tips().length)
      expect(graph.roots()).toEqual(model.roots())
      for (const zone of ['', 'zone 1', 'zone 2', 'nowhere']) {
        expect(graph.tips(zone)).toEqual(model.tips(zone))
        expect(graph.roots(zone)).toEqual(model.roots(zone))
      }
      for (const [index, one] of headers.entries()) {
        expect(graph.indexOf(one.id)).toBe(index)
        expect(graph.idAt(index)).toBe(one.id)
        expect(graph.parents(one.id)).toEqual([...new Set(one.parents)])
        expect(graph.children(one.id)).toEqual(model.children(one.id))
        expect(graph.depthOf(one.id)).toBe(model.depth(one.id))
      }
    }),
    { numRuns: 60 },
  )
})

test('walks, relations, common ancestors and paths are those of the model', () => {
  fc.assert(
    fc.property(graphs, fc.nat(4), ({ headers, graph, model, rng }, depth) => {
      for (let pair = 0; pair < 8 && headers.length > 0; pair++) {
        const a = headers[rng.below(headers.length)]!.id
        const b = headers[rng.below(headers.length)]!.id
        const above = model.ancestors(a)
        expect(graph.ancestors(a)).toEqual({ ids: expect.anything(), complete: true })
        expect(new Set(graph.ancestors(a).ids)).toEqual(above)
        expect(new Set(graph.descendants(a).ids)).toEqual(model.descendants(a))
        expect(new Set(graph.ancestors(a, { depth }).ids)).toEqual(model.ancestors(a, depth))
        expect(new Set(graph.descendants(a, { depth }).ids)).toEqual(model.descendants(a, depth))
        const relation =
          a === b
            ? 'same'
            : above.has(b)
              ? 'after'
              : model.ancestors(b).has(a)
                ? 'before'
                : 'concurrent'
        expect(graph.relation(a, b)).toBe(relation)
        expect(graph.commonAncestors(a, b)).toEqual(model.nearestCommon(a, b))
        const path = graph.path(a, b)!
        expect(path.length > 0).toBe(relation === 'same' || relation === 'before')
        if (path.length === 0) continue
        expect([path[0], path.at(-1)]).toEqual([a, b])
        path.slice(1).forEach((id, at) => expect(model.parents.get(id)!.has(path[at]!)).toBe(true))
        const steps = path.length - 1
        if (steps > 0) expect(model.ancestors(b, steps - 1).has(a)).toBe(false)
      }
    }),
    { numRuns: 60 },
  )
})

test('a walk that is cut says so, and what it gives is nearest first', () => {
  fc.assert(
    fc.property(graphs, fc.nat(10), ({ headers, graph, model }, count) => {
      for (const { id } of headers.slice(-4)) {
        const whole = graph.ancestors(id)
        const cut = graph.ancestors(id, { count })
        expect(cut.ids).toEqual(whole.ids.slice(0, count))
        expect(cut.complete).toBe(whole.ids.length <= count)
        const steps = whole.ids.map((one) => graph.path(one, id)!.length)
        expect(steps).toEqual(steps.toSorted((a, b) => a - b))
        expect(model.ancestors(id).size).toBe(whole.ids.length)
      }
    }),
    { numRuns: 30 },
  )
})

const filters: fc.Arbitrary<RecordFilter> = fc.record(
  {
    creatorKeyHash: fc.nat(4).map((at) => digest(`creator ${at}`)),
    contentHash: fc.nat(3).map((at) => digest(`shared ${at}`)),
    classification: fc.nat(3),
    zone: fc.constantFrom('', 'zone 1', 'zone 2', 'nowhere'),
    since: fc.nat(50),
    until: fc.nat(50),
    limit: fc.nat(12),
  },
  { requiredKeys: [] },
)

test('a query gives what the model gives, newest first', () => {
  fc.assert(
    fc.property(graphs, filters, ({ headers, graph }, filter) => {
      const fulfils = (one: RecordHeader): boolean =>
        (filter.creatorKeyHash === undefined ||
          equalBytes(one.creatorKeyHash, filter.creatorKeyHash)) &&
        (filter.contentHash === undefined || equalBytes(one.contentHash, filter.contentHash)) &&
        (filter.classification === undefined || one.classification === filter.classification) &&
        (filter.zone === undefined || zoneOf(one) === filter.zone) &&
        (filter.since === undefined || one.timestamp >= filter.since) &&
        (filter.until === undefined || one.timestamp <= filter.until)
      const expected = headers
        .filter(fulfils)
        .toReversed()
        .toSorted((a, b) => b.timestamp - a.timestamp)
        .slice(0, filter.limit)
      expect(graph.query(filter)).toEqual(expected.map(({ id }) => id))
    }),
    { numRuns: 200 },
  )
})

test('what is kept of a record is what came, and bounds of time come from all ancestors', () => {
  fc.assert(
    fc.property(graphs, ({ headers, graph, model }) => {
      for (const [index, one] of headers.entries()) {
        const { id, parents: _, zone: __, ...facts } = one
        expect(graph.entry(id)).toEqual({
          ...facts,
          index,
          zone: zoneOf(one),
          depth: model.depth(id),
          notBefore: model.notBefore(id),
        })
        expect(graph.withHash(one.hash)).toBe(id)
      }
    }),
    { numRuns: 30 },
  )
})

test('equal contents are told, by who made them', () => {
  fc.assert(
    fc.property(graphs, ({ headers, graph }) => {
      const told = new Map([...graph.conflicts()].map((one) => [String(one.contentHash), one]))
      for (const one of headers) {
        const sharers = headers.filter((other) => equalBytes(other.contentHash, one.contentHash))
        const isOne = sharers.every((other) => equalBytes(other.creatorKeyHash, one.creatorKeyHash))
        const conflict = {
          kind: isOne ? 'same-creator' : 'different-creators',
          contentHash: one.contentHash,
          count: sharers.length,
          ids: sharers.map(({ id }) => id),
        }
        const expected = sharers.length > 1 ? conflict : undefined
        expect(graph.conflictOf(one.id)).toEqual(expected)
        expect(told.get(String(one.contentHash))).toEqual(expected)
      }
    }),
    { numRuns: 30 },
  )
})

test('packed headers give the same graph', () => {
  const plain = fc.record({
    records: fc.integer({ min: 0, max: 48 }),
    parents: fc.integer({ min: 0, max: 4 }),
    reach: fc.constant(48),
    zones: fc.constant(1),
    creators: fc.integer({ min: 1, max: 4 }),
    shared: fc.integer({ min: 1, max: 20 }),
    odd: fc.constant(false),
  })
  fc.assert(
    fc.property(plain, fc.nat(2 ** 31), (one, seed) => {
      const headers = randomHeaders(seededRng(seed), one)
      const graph = new RecordGraph(seededRng(1))
      const packed = new RecordGraph(seededRng(2))
      packed.reserve(headers.length)
      for (const header of headers) expect(graph.add(header).ok).toBe(true)
      for (const [index, header] of headers.entries()) {
        expect(packed.addPacked(packedHeader(header, graph))).toEqual({ ok: true, value: index })
        const again = packedHeader(header, graph)
        const fault = { code: 'dag/duplicate', id: header.id }
        expect(packed.addPacked(again)).toEqual({ ok: false, fault })
        again.words[4]! ^= 1
        expect(packed.addPacked(again)).toMatchObject({ fault: { code: 'dag/id-taken' } })
      }
      expect([...packed.ids()]).toEqual([...graph.ids()])
      expect(packed.tips()).toEqual(graph.tips())
      expect(packed.query({})).toEqual(graph.query({}))
      for (const { id } of headers) {
        expect(packed.entry(id)).toEqual(graph.entry(id))
        expect(packed.parents(id)).toEqual(graph.parents(id))
        expect(packed.conflictOf(id)).toEqual(graph.conflictOf(id))
      }
    }),
    { numRuns: 30 },
  )
})

function packedHeader(header: RecordHeader, graph: RecordGraph): PackedHeader {
  const words = new Uint32Array(28)
  const id = fromHex(header.id.replaceAll('-', ''))!
  const digests = concat(header.hash, header.contentHash, header.creatorKeyHash)
  for (let word = 0; word < 4; word++) words[word] = new DataView(id.buffer).getUint32(word * 4)
  words.set(new Uint32Array(digests.buffer), 4)
  const parents = Int32Array.from(header.parents, (parent) => graph.indexOf(parent)!)
  const { timestamp, classification, firstSeen } = header
  return {
    words,
    parents,
    parentCount: parents.length,
    timestamp,
    classification,
    firstSeen,
  }
}
