/**
 * A process of its own that builds a graph of as many records as its first argument says, and tells what it holds. The
 * second argument `chained` gives every record a place in a chain of its author.
 */
import { RecordGraph } from '@kithnet/dag'
import { seededRng } from '@kithnet/kernel'
import type { GraphProcessReport } from './graph.ts'
import { syntheticHeaders } from './synthetic.ts'

const count = Number(process.argv[2])
const chained = process.argv[3] === 'chained'

function usedBytes(): number {
  globalThis.gc!()
  globalThis.gc!()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

/** Processor time of this thread. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function usPerCall(times: number, call: () => unknown): number {
  const begin = cpuMs()
  for (let time = 0; time < times; time++) call()
  return ((cpuMs() - begin) * 1000) / times
}

/** In a function of its own, so that nothing keeps the answer. */
function ancestorsOfNewest(): number {
  return graph.ancestors(graph.idAt(count - 1)).ids.length
}

const batches = syntheticHeaders(seededRng(1), count, { chained })
const before = usedBytes()
const graph = new RecordGraph(seededRng(2))
let insertMs = 0
for (const batch of batches) {
  const begin = cpuMs()
  for (const header of batch) {
    const added = graph.add(header)
    if (!added.ok) throw new Error(`${added.fault.code}: ${header.id}`)
  }
  insertMs += cpuMs() - begin
}
const insertedBytes = usedBytes() - before
const tipsUs = usPerCall(10_000, () => graph.tips())
// Sorts by time for the first time.
graph.query({ limit: 1 })
const begin = cpuMs()
// Marks every record.
if (ancestorsOfNewest() !== count - 1) throw new Error('the newest record is after all others')
const ancestorsMs = cpuMs() - begin
const pairs = seededRng(3)
const relationUs = usPerCall(1_000, () =>
  graph.relation(graph.idAt(pairs.below(count)), graph.idAt(pairs.below(count))),
)
const lookupsBegin = cpuMs()
graph.withHash(new Uint8Array(32))
graph.conflictOf(graph.idAt(0))
const firstLookupsMs = cpuMs() - lookupsBegin
const queryUs = usPerCall(100, () => graph.query({ classification: 1, limit: 100 }))
const report: GraphProcessReport = {
  insertMs,
  tipsUs,
  ancestorsMs,
  relationUs,
  queryUs,
  firstLookupsMs,
  insertedBytes,
  usedBytes: usedBytes() - before,
}
process.send!(report)
