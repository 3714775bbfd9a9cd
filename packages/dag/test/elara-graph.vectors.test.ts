import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { seededRng } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { RecordGraph } from '../src/graph/record-graph.ts'
import { header } from './graph-model.ts'

interface GraphVector {
  readonly name: string
  readonly kind: string
  readonly input: { readonly inserts: readonly (readonly [string, readonly string[], number])[] }
  readonly expect: {
    readonly len: number
    readonly edge_count: number
    readonly roots: readonly string[]
    readonly tips_newest_first: readonly string[]
    readonly ancestors_merge_depth_1: readonly string[]
    readonly ancestors_merge_depth_100: readonly string[]
    readonly descendants_root_depth_100: readonly string[]
    readonly ancestors_unknown: readonly string[]
  }
}

const source = fileURLToPath(
  new URL('../../../../shared/vectors/elara/vectors.json', import.meta.url),
)
const vectors = existsSync(source)
  ? (JSON.parse(readFileSync(source, 'utf8')) as { vectors: GraphVector[] }).vectors
  : []
const graphs = vectors.filter(({ kind }) => kind === 'dag')

test.skipIf(graphs.length === 0)('answers as the index of elara-runtime', () => {
  for (const { input, expect: expected } of graphs) {
    const graph = new RecordGraph(seededRng(1))
    for (const [id, parents, timestamp] of input.inserts) {
      expect(graph.add(header(id, parents, { timestamp })).ok).toBe(true)
    }
    const newestFirst = graph.query({}).filter((id) => graph.tips().includes(id))
    expect(graph.size).toBe(expected.len)
    expect(graph.edgeCount).toBe(expected.edge_count)
    expect(graph.roots()).toEqual(expected.roots)
    expect(newestFirst).toEqual(expected.tips_newest_first)
    const sorted = (ids: readonly string[]): string[] => ids.toSorted()
    const { ids: near } = graph.ancestors('merge', { depth: 1 })
    expect(sorted(near)).toEqual(expected.ancestors_merge_depth_1)
    const { ids: far } = graph.ancestors('merge', { depth: 100 })
    expect(sorted(far)).toEqual(expected.ancestors_merge_depth_100)
    const { ids: below } = graph.descendants('root', { depth: 100 })
    expect(sorted(below)).toEqual(expected.descendants_root_depth_100)
    expect(graph.ancestors('nobody').ids).toEqual(expected.ancestors_unknown)
    expect(graph.add(header('root'))).toMatchObject({ fault: { code: 'dag/duplicate' } })
    expect(graph.add(header('x', ['x']))).toMatchObject({ fault: { code: 'dag/missing-parent' } })
  }
})
