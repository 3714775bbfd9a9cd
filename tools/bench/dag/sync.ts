import { memoryRecords, openRecords, type PlacedDraft, signDraft } from '@kithnet/dag'
import { createIdentity, type Identity } from '@kithnet/identity'
import { assert, epochMs, type Rng, seededRng, toHex, utf8 } from '@kithnet/kernel'
import { ItemSet } from '@kithnet/reconcile'
import {
  decodeRecord,
  type ElraRecord,
  encodeRecord,
  recordHash,
  uuid7Source,
  withAlgorithms,
} from '@kithnet/wire'
import { RecordCarrier } from '../../../packages/dag/src/sync/record-carrier.ts'
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type SessionMessage,
} from '../../../packages/dag/src/sync/sync-messages.ts'
import {
  defaultSyncLimits,
  type SessionStep,
  SyncSession,
} from '../../../packages/dag/src/sync/sync-session.ts'
import { atMost, type BenchmarkOptions, type Figure, type Threshold } from '../../report.ts'

/** How the records that one side lacks lie in the graph. */
type Shape = 'scattered' | 'behind' | 'forked'

/**
 * Two stores that differ by some records, in three shapes: leaves anywhere in the graph, half of them on each side; one
 * side behind by the end of a chain; both gone on for themselves. `toLimit` holds all bytes on the wire, of both directions,
 * against those of the missing records and 32 for each; `Coded` is the same by coded symbols alone. Messages pass through
 * bytes. Signatures of what is sent are real and verified.
 */
export async function syncFigures({
  quick,
  progress,
}: BenchmarkOptions): Promise<Record<string, Figure>> {
  const total = quick ? 300 : 10_000
  const count = quick ? 12 : 100
  const figures: Record<string, Figure> = { syncRecords: total, syncDifferences: count }
  for (const shape of ['scattered', 'behind', 'forked'] as const) {
    progress(`two stores, ${shape}`)
    const { trunk, first, second } = await differing(shape, total, count)
    const name = `sync${shape[0]!.toUpperCase()}${shape.slice(1)}`
    const usual = await compare([...trunk, ...first], [...trunk, ...second], false)
    const coded = await compare([...trunk, ...first], [...trunk, ...second], true)
    const missing = [...first, ...second].reduce((sum, { bytes }) => sum + bytes.length, 0)
    const limit = missing + 32 * count
    figures[`${name}Form`] = usual.form
    figures[`${name}ToLimit`] = usual.bytes / limit
    figures[`${name}CodedToLimit`] = coded.bytes / limit
    figures[`${name}ExtraBytesEach`] = (usual.bytes - missing) / count
    figures[`${name}CodedExtraBytesEach`] = (coded.bytes - missing) / count
    figures[`${name}RoundTrips`] = usual.turns / 2
    figures[`${name}Ms`] = usual.ms
    figures['syncOpenMs'] = usual.openMs
  }
  return figures
}

/** Source: `targets.md`; round trips are our choice. */
export function syncThresholds(): Record<string, Threshold> {
  const shapes = ['Scattered', 'Behind', 'Forked']
  const bytes = shapes.flatMap((shape) => [`sync${shape}ToLimit`, `sync${shape}CodedToLimit`])
  const trips = shapes.map((shape) => `sync${shape}RoundTrips`)
  return Object.fromEntries([
    ...bytes.map((name) => [name, { match: null, beat: atMost(1.5) }]),
    ...trips.map((name) => [name, { match: null, beat: atMost(8) }]),
  ])
}

interface Differing {
  readonly trunk: readonly ElraRecord[]
  readonly first: readonly ElraRecord[]
  readonly second: readonly ElraRecord[]
}

async function differing(shape: Shape, total: number, count: number): Promise<Differing> {
  const rng = seededRng(`sync ${shape}`)
  const ids = uuid7Source(rng.fork('ids'))
  const identity = createIdentity(new Uint8Array(32).fill(7))
  const trunk: ElraRecord[] = []
  for (let index = 0; index < total - count; index++) {
    const draft = placed(ids, index, trunk.length === 0 ? [] : [trunk.at(-1)!.id])
    trunk.push(unsigned(draft, identity, rng))
  }
  const first: ElraRecord[] = []
  const second: ElraRecord[] = []
  for (let index = 0; index < count; index++) {
    const isFirst = shape === 'behind' || index % 2 === 0
    const side = isFirst ? first : second
    const parent =
      shape === 'scattered' ? trunk[rng.below(trunk.length)]! : (side.at(-1) ?? trunk.at(-1)!)
    side.push(await signDraft(placed(ids, total + index, [parent.id]), identity))
  }
  return { trunk, first, second }
}

function placed(
  ids: ReturnType<typeof uuid7Source>,
  index: number,
  parents: readonly string[],
): PlacedDraft {
  const id = ids.next(epochMs(startMs + index))
  return { content: utf8(`content ${index}`), id, timestamp: startMs / 1000 + index, parents }
}

/** A record that both have: nobody sends it, so nobody checks it. */
function unsigned(draft: PlacedDraft, identity: Identity, rng: Rng): ElraRecord {
  const encoded = encodeRecord({
    ...draft,
    version: 1,
    contentHash: rng.bytes(32),
    creatorKey: identity.publicKey,
    classification: 0,
    metadata: withAlgorithms(new Map()),
    signature: new Uint8Array(signatureBytes).fill(draft.parents.length),
  })
  assert(encoded.ok, 'a record of the benchmark can be written')
  const decoded = decodeRecord(encoded.value)
  assert(decoded.ok, 'and read')
  return decoded.value
}

interface Exchange {
  readonly form: string
  readonly bytes: number
  /** How often the direction changed. */
  readonly turns: number
  readonly ms: number
  readonly openMs: number
}

async function compare(
  one: readonly ElraRecord[],
  other: readonly ElraRecord[],
  careful: boolean,
): Promise<Exchange> {
  const sides = [await sideOf(one, true), await sideOf(other, false)] as const
  const began = cpuMs()
  let bytes = 0
  let turns = 0
  let turn = 1
  let said: SessionMessage[] = [sides[0].session.open(careful)]
  while (said.length > 0) {
    turns++
    const heard = said.map((message) => {
      const session = { number: 1, byOpener: turn === 1 }
      const frame = encodeSyncMessage({ session, ...message })
      bytes += frame.length
      const decoded = decodeSyncMessage(frame)
      assert(decoded.ok && 'session' in decoded.value, 'a message can be read')
      return decoded.value
    })
    said = []
    for (const message of heard) said.push(...(await take(sides[turn]!, message)))
    turn = 1 - turn
  }
  const ms = cpuMs() - began
  const [{ session, set }, { set: otherSet }] = sides
  assert(session.report.complete && set.size === otherSet.size, 'both sides hold the same')
  return { form: session.report.form, bytes, turns, ms, openMs: sides[0].openMs }
}

interface Side {
  readonly session: SyncSession
  readonly carrier: RecordCarrier
  readonly set: ItemSet
  readonly openMs: number
}

async function sideOf(list: readonly ElraRecord[], isOpener: boolean): Promise<Side> {
  const store = memoryRecords()
  for (let from = 0; from < list.length; from += 1_000) {
    const part = list.slice(from, from + 1_000)
    const firstSeen = epochMs(startMs)
    await store.append(part.map((record) => ({ record, hash: recordHash(record), firstSeen })))
  }
  const records = await openRecords({ store })
  const set = new ItemSet<string>(toHex)
  const began = cpuMs()
  const carrier = await RecordCarrier.open({
    records,
    highest: 3,
    mode: 'strict',
    onHeld: (items) => {
      for (const { time, key } of items) set.add(time, key)
    },
  })
  const openMs = cpuMs() - began
  const rng = seededRng(isOpener ? 'opener' : 'accepter')
  return { session: new SyncSession(set, rng, isOpener, defaultSyncLimits), carrier, set, openMs }
}

async function take(
  { session, carrier }: Side,
  message: SessionMessage,
): Promise<SessionMessage[]> {
  const said: SessionMessage[] = []
  const steps: SessionStep[] = [session.take(message)]
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    said.push(...step.sends)
    if (step.take !== undefined) {
      await carrier.take(step.take)
      steps.push(session.settled())
    }
    if (step.load !== undefined) {
      steps.push(session.loaded(await carrier.load(step.load.keys, step.load.maxBytes)))
    }
  }
  return said
}

/** Processor time of this thread: signatures are checked on others. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const startMs = 1_770_000_000_000
/** Source: FIPS 204, table 2. */
const signatureBytes = 3_309
