import { seededRng } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawnRecords, drawRecords } from '../src/drawing/graph-drawing.ts'
import { layered, type Placeable } from '../src/drawing/graph-layout.ts'
import { RecordGraph } from '../src/graph/record-graph.ts'
import { digest, header, uuid } from './graph-model.ts'

const things: fc.Arbitrary<Placeable[]> = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.nat(2 ** 31))
  .map(([count, seed]) => {
    const rng = seededRng(seed)
    return Array.from({ length: count }, (_, index) => {
      const wanted = index === 0 ? 0 : rng.below(4)
      const before = new Set(Array.from({ length: wanted }, () => rng.below(index)))
      return { before: [...before] }
    })
  })

test('everything stands right of what comes before it, with room between', () => {
  fc.assert(
    fc.property(things, (list) => {
      const { points, edges, width, height } = layered(list)
      expect(points.length).toBe(list.length)
      expect(edges.length).toBe(list.reduce((sum, { before }) => sum + before.length, 0))
      for (const { from, to, points: line } of edges) {
        expect(list[to]!.before).toContain(from)
        expect([line[0], line.at(-1)]).toEqual([points[from], points[to]])
        line.slice(1).forEach(({ x }, at) => expect(x).toBe(line[at]!.x + 1))
      }
      for (const [index, { x, y }] of points.entries()) {
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x).toBeLessThan(width)
        expect(y).toBeGreaterThanOrEqual(0)
        expect(y).toBeLessThanOrEqual(height)
        for (const other of points.slice(index + 1)) {
          if (other.x === x) expect(Math.abs(other.y - y)).toBeGreaterThan(0.999)
        }
      }
      expect(layered(list)).toEqual({ points, edges, width, height })
    }),
    { numRuns: 50 },
  )
})

test('an order without crossings is found where two chains lie beside each other', () => {
  const chains = Array.from({ length: 12 }, (_, at) => ({ before: at < 2 ? [] : [at - 2] }))
  const { points } = layered(chains)
  for (const [at, { y }] of points.entries()) expect(y).toBe(points[at % 2]!.y)
})

test('what strangers wrote is text, never markup', () => {
  const graph = new RecordGraph(seededRng(1))
  const ids = ['<script>alert(1)</script>', '"&\u0000\ud800', 'plain', ']]>']
  for (const id of ids) expect(graph.add(header(id)).ok).toBe(true)
  const svg = drawRecords(drawnRecords(graph))
  expect(svg).not.toContain('<script')
  expect(svg).not.toContain('\u0000')
  expect(svg.isWellFormed()).toBe(true)
  expect(svg).toContain('&lt;script&gt;')
  const text = svg.replaceAll(/<\/?(?:svg|title|rect|g|path|circle|text)(?: [^<>]*)?>/g, '')
  expect(text).not.toMatch(/[<>]/)
  expect(text.replaceAll(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&')
})

test('shows tips, disputes and what is left out, and no more than asked for', () => {
  const graph = new RecordGraph(seededRng(1))
  for (let at = 0; at < 9; at++) {
    const parents = at === 0 ? [] : [uuid(at - 1)]
    const shared = at === 7 || at === 8 ? { contentHash: digest('shared') } : {}
    const one = header(uuid(at), parents, { ...shared, creatorKeyHash: digest(`by ${at}`) })
    expect(graph.add(one).ok).toBe(true)
  }
  const drawn = drawnRecords(graph, 4)
  expect(drawn.map(({ id }) => id)).toEqual([5, 6, 7, 8].map(uuid))
  expect(drawn.map(({ isTip }) => isTip)).toEqual([false, false, false, true])
  expect(drawn.map(({ isDisputed }) => isDisputed)).toEqual([false, false, true, true])
  const svg = drawRecords(drawn)
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(1)
  expect(svg.match(/r="13"/g)).toHaveLength(1)
  expect(svg).toContain('disputed')
  expect(drawRecords([])).toContain('0 records')
})

test('a graph that is as tangled as can be is drawn in bounded time', () => {
  const graph = new RecordGraph(seededRng(1))
  const ids = Array.from({ length: 250 }, (_, at) => uuid(at))
  for (const [at, id] of ids.entries()) graph.add(header(id, ids.slice(Math.max(0, at - 120), at)))
  const svg = drawRecords(drawnRecords(graph))
  expect(svg.length).toBeLessThan(2 ** 22)
})
