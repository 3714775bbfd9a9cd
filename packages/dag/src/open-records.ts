import { selectBackend } from '@kithnet/identity'
import { CodedError, ok } from '@kithnet/kernel'
import { installSha3_256 } from '@kithnet/wire'
import { convictedIn } from './evidence/evidence.ts'
import type { GraphFault } from './faults.ts'
import { RecordGraph } from './graph/record-graph.ts'
import { systemHost } from './host.ts'
import { Records, type RecordsOptions } from './records.ts'

/** Opens the records of a store: reads their headers, and nothing else, to build the graph. */
export async function openRecords(options: RecordsOptions): Promise<Records> {
  const { store, host = systemHost() } = options
  hashNatively()
  const graph = new RecordGraph(host.rng.fork('graph'))
  graph.reserve(store.size)
  const filled = (await store.fillGraph?.(graph)) ?? ok(0)
  if (!filled.ok) throw damagedStore(filled.fault)
  for await (const batch of store.headers(filled.value)) {
    for (const header of batch) {
      const added = graph.add(header)
      if (!added.ok) throw damagedStore(added.fault)
    }
  }
  const records = new Records({ ...options, host }, graph, await convictedIn(store))
  await records.recover()
  return records
}

let isHashingChosen = false

/** Hashes where the host is fastest: twelve times, for a usual record. */
function hashNatively(): void {
  if (isHashingChosen) return
  isHashingChosen = true
  const { name, sha3_256 } = selectBackend()
  if (name !== 'noble') installSha3_256(sha3_256)
}

function damagedStore(fault: GraphFault): CodedError<GraphFault> {
  return new CodedError(
    fault,
    `The store holds a record (${fault.id}) that its own order forbids: repair the store, or restore it from a backup.`,
  )
}
