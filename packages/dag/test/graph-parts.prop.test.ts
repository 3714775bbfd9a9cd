import { type Rng, seededRng } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Frontier } from '../src/graph/frontier.ts'
import { KeyHash, KeyTable } from '../src/graph/key-table.ts'
import { Postings } from '../src/graph/postings.ts'
import { RecordGraph } from '../src/graph/record-graph.ts'
import { packUuid, RecordIds, uuidText } from '../src/graph/record-ids.ts'
import { TimeOrder } from '../src/graph/time-order.ts'
import { GraphModel, randomHeaders, uuid } from './graph-model.ts'

const seed = fc.nat(2 ** 31)

/** The same word whatever its rng is asked: every key has one hash, the worst that a stranger could reach. */
const stuck: Rng = { ...seededRng(1), u32: () => 7 }

test('a table of keys numbers and finds what a map does, also when all keys collide', () => {
  fc.assert(
    fc.property(seed, fc.integer({ min: 1, max: 9 }), fc.boolean(), (from, width, collide) => {
      const rng = seededRng(from)
      const table = new KeyTable(width, new KeyHash(collide ? stuck : rng))
      const model = new Map<string, number>()
      const count = collide ? 300 : 3_000
      if (rng.below(2) === 0) table.reserveListed(rng.below(count * 2))
      for (let at = 0; at < count; at++) {
        // Few values, so that keys come again and differ in one word only.
        const key = Uint32Array.from({ length: width + 2 }, () => rng.below(width < 3 ? 4_000 : 12))
        const name = key.subarray(1, width + 1).join()
        expect(table.find(key, 1)).toBe(model.get(name) ?? -1)
        if (model.has(name)) continue
        model.set(name, table.size)
        if (rng.below(2) === 0) expect(table.add(key, 1)).toBe(model.get(name))
        else table.list(table.addUnlisted(key, 1))
      }
      expect(table.size).toBe(model.size)
      for (const [name, number] of model) {
        const key = Uint32Array.from(name.split(','), Number)
        expect(table.find(key, 0)).toBe(number)
        expect(table.keys.slice(number * width, (number + 1) * width)).toEqual(key)
      }
    }),
    { numRuns: 8 },
  )
})

test('only a lower-case UUID is packed, and it comes back', () => {
  const words = new Uint32Array(4)
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      expect(packUuid(id, words)).toBe(true)
      expect(uuidText(words, 0)).toBe(id)
    }),
  )
  const good = uuid(1)
  const unit = fc.oneof(fc.nat(127), fc.nat(0xffff))
  fc.assert(
    fc.property(fc.nat(35), unit, (at, code) => {
      const changed = good.slice(0, at) + String.fromCharCode(code) + good.slice(at + 1)
      const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(changed)
      expect(packUuid(changed, words)).toBe(isUuid)
      if (isUuid) expect(uuidText(words, 0)).toBe(changed)
    }),
    { numRuns: 1_000 },
  )
  expect(packUuid(good.toUpperCase(), words)).toBe(false)
  expect(packUuid(good.replaceAll('-', ''), words)).toBe(false)
})

test('ids of any kind keep their numbers', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(fc.uuid(), fc.string()), { maxLength: 200 }), (list) => {
      const ids = new RecordIds(new KeyHash(seededRng(1)))
      for (const [number, id] of list.entries()) {
        expect(ids.find(id)).toBe(-1)
        expect(ids.add(id)).toBe(number)
      }
      for (const [number, id] of list.entries()) {
        expect(ids.find(id)).toBe(number)
        expect(ids.at(number)).toBe(id)
      }
    }),
    { numRuns: 40 },
  )
})

test('an order by time is the sorted one, however the times come', () => {
  const kinds = fc.constantFrom('rising', 'falling', 'random', 'few')
  fc.assert(
    fc.property(seed, kinds, fc.nat(3_000), (from, kind, count) => {
      const rng = seededRng(from)
      const times = Float64Array.from({ length: count }, (_, at) => {
        if (rng.below(500) === 0) return [Number.NaN, Infinity, -Infinity, -0][rng.below(4)]!
        if (kind === 'rising') return at
        return kind === 'falling' ? -at : kind === 'random' ? rng.unit() * 1_000 : rng.below(5)
      })
      const order = new TimeOrder()
      for (let size = 0; size < count; size += 1 + rng.below(900)) order.catchUp(times, size)
      order.catchUp(times, count)
      const rank = (time: number): number => (Number.isNaN(time) ? -Infinity : time)
      const sorted = [...times.keys()].toSorted((a, b) => {
        const [isNanA, isNanB] = [Number.isNaN(times[a]), Number.isNaN(times[b])]
        if (isNanA !== isNanB) return isNanA ? -1 : 1
        const [timeA, timeB] = [rank(times[a]!), rank(times[b]!)]
        return timeA < timeB ? -1 : timeA > timeB ? 1 : a - b
      })
      expect([...order.between(times, undefined, undefined, false)]).toEqual(sorted)
      expect([...order.between(times, undefined, undefined, true)]).toEqual(sorted.toReversed())
      for (let query = 0; query < 5; query++) {
        const since = rng.below(3) === 0 ? undefined : rng.below(1_000) - 200
        const until = rng.below(3) === 0 ? undefined : rng.below(1_000) - 100
        if (since === undefined && until === undefined) continue
        const within = sorted.filter(
          (node) => times[node]! >= (since ?? -Infinity) && times[node]! <= (until ?? Infinity),
        )
        expect([...order.between(times, since, until, false)]).toEqual(within)
        expect([...order.between(times, since, until, true)]).toEqual(within.toReversed())
      }
    }),
    { numRuns: 20 },
  )
})

test('tips and postings of groups are those of sets', () => {
  fc.assert(
    fc.property(seed, fc.integer({ min: 1, max: 5 }), (from, groups) => {
      const rng = seededRng(from)
      const frontier = new Frontier()
      const postings = new Postings()
      const members = Array.from({ length: groups }, () => new Set<number>())
      const posted = Array.from({ length: groups }, (): number[] => [])
      for (let node = 0; node < 400; node++) {
        const group = rng.below(groups)
        frontier.add(group, node)
        members[group]!.add(node)
        postings.add(group, node)
        posted[group]!.push(node)
        const gone = rng.below(node + 1)
        const owner = members.findIndex((set) => set.has(gone))
        frontier.remove(owner < 0 ? group : owner, gone)
        if (owner >= 0) members[owner]!.delete(gone)
      }
      const copy = frontier.copy()
      copy.add(0, 400)
      for (let group = 0; group < groups; group++) {
        expect(frontier.list(group)).toEqual([...members[group]!])
        expect(frontier.count(group)).toBe(members[group]!.size)
        expect([...postings.of(group)]).toEqual(posted[group])
        expect(postings.count(group)).toBe(posted[group]!.length)
      }
      expect(copy.list(0)).toEqual([...members[0]!, 400])
      expect([...postings.of(groups + 100)]).toEqual([])
      expect(postings.count(groups + 100)).toBe(0)
    }),
    { numRuns: 20 },
  )
})

test('a graph of thousands is that of the model', () => {
  for (const reserved of [0, 1_500, 9_000]) {
    const headers = randomHeaders(seededRng(reserved), {
      records: 3_000,
      parents: 3,
      reach: 60,
      zones: 3,
      creators: 20,
      shared: 30,
      odd: true,
    })
    const graph = new RecordGraph(seededRng(reserved))
    graph.reserve(reserved)
    const model = new GraphModel()
    for (const header of headers) {
      expect(graph.add(header).ok).toBe(true)
      model.add(header)
    }
    const hasChild = new Set(headers.flatMap(({ parents }) => parents))
    expect(graph.tips()).toEqual(headers.filter(({ id }) => !hasChild.has(id)).map(({ id }) => id))
    expect([...graph.ids()]).toEqual(headers.map(({ id }) => id))
    for (const { id, hash } of headers) expect(graph.withHash(hash)).toBe(id)
    const newest = headers.at(-1)!.id
    expect(new Set(graph.ancestors(newest).ids)).toEqual(model.ancestors(newest))
    const byTime = headers.toReversed().toSorted((a, b) => b.timestamp - a.timestamp)
    expect(graph.query({})).toEqual(byTime.map(({ id }) => id))
    const shared = [...graph.conflicts()].flatMap(({ ids }) => ids)
    const counts = Map.groupBy(headers, ({ contentHash }) => contentHash.join())
    const expected = [...counts.values()].filter((sharers) => sharers.length > 1).flat()
    expect(new Set(shared)).toEqual(new Set(expected.map(({ id }) => id)))
  }
})
