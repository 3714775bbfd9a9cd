import { type EpochMs, epochMs, type Instant, instant, seededRng } from '@kithnet/kernel'
import { hash, peerIdFromBytes, streamIdFromBytes } from '@kithnet/types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cause, streamRef } from '../src/envelope.ts'
import { HoldBack, holdBackLimits, type HoldBackLimits } from '../src/hold-back.ts'
import type { Arrival, Order, Told } from '../src/stream-order.ts'

/** One message of the run, as everybody sees it. */
interface Sent {
  readonly writer: number
  readonly seq: number
  readonly causes: readonly Cause[]
  /** Told apart from another under the same number. */
  readonly version: number
}

interface Network {
  readonly order: Order
  readonly seed: number
  readonly writers: number
  readonly messages: number
  readonly lossShare: number
  readonly repeatShare: number
  readonly delayMs: number
  /** Writes two messages under each of its numbers from half of the run on. */
  readonly liar: boolean
  readonly limits?: Partial<HoldBackLimits>
}

const epoch = 1_800_000_000_000
const wall = (now: Instant): EpochMs => epochMs(epoch + now)

function streamOf(writer: number): Pick<Arrival<Sent>, 'author' | 'stream'> {
  const bytes = hash('item', Uint8Array.of(writer))
  return { author: peerIdFromBytes(bytes), stream: streamIdFromBytes(bytes.slice(0, 16)) }
}

function refOf(writer: number): string {
  const { author, stream } = streamOf(writer)
  return streamRef(author, stream)
}

/** A reader, and everything that it was told. */
class Reader {
  readonly holdBack: HoldBack<Sent>
  readonly told: Told<Sent>[] = []

  constructor(order: Order, writer: number, limits: HoldBackLimits) {
    this.holdBack = new HoldBack(order, limits, refOf(writer), wall, instant(0))
  }

  hear(told: readonly Told<Sent>[]): void {
    this.told.push(...told)
  }

  get delivered(): readonly { readonly sent: Sent; readonly unmet: number }[] {
    return this.told.flatMap((one) =>
      one.type === 'deliver' ? [{ sent: one.arrival.message, unmet: one.unmet }] : [],
    )
  }
}

/** Everybody writes at random instants and hears the others through a bad network; then time passes. */
function run(network: Network, check: (reader: Reader) => void = () => {}): readonly Reader[] {
  const limits = { ...holdBackLimits, retentionMs: 900_000, ...network.limits }
  const rng = seededRng(network.seed)
  const readers = Array.from(
    { length: network.writers },
    (_, writer) => new Reader(network.order, writer, limits),
  )
  const agenda: { readonly at: number; readonly act: (now: Instant) => void }[] = []
  const nextSeq = readers.map(() => 0)
  const spread = (sent: Sent, hlc: EpochMs, now: Instant): void => {
    for (const [index, reader] of readers.entries()) {
      if (index === sent.writer || rng.unit() < network.lossShare) continue
      for (let copies = rng.unit() < network.repeatShare ? 2 : 1; copies > 0; copies--) {
        const arrival = {
          ...streamOf(sent.writer),
          seq: sent.seq,
          hlc,
          bytes: 100,
          causes: sent.causes,
          message: sent,
        }
        const at = now + rng.unit() * network.delayMs
        agenda.push({
          at,
          act: (then) => reader.hear(reader.holdBack.take(`${sent.writer}`, arrival, then)),
        })
      }
    }
  }
  const write = (now: Instant): void => {
    const writer = rng.below(network.writers)
    const { holdBack } = readers[writer]!
    const seq = nextSeq[writer]!++
    const sent = { writer, seq, causes: holdBack.causes, version: 0 }
    holdBack.wrote()
    spread(sent, wall(now), now)
    if (!network.liar || writer !== 0 || seq < network.messages / network.writers / 2) return
    spread({ ...sent, version: 1 }, wall(now), now)
    for (const reader of readers) {
      const at = now + rng.unit() * network.delayMs
      agenda.push({ at, act: (then) => reader.hear(reader.holdBack.fork('0', then)) })
    }
  }
  for (let index = 0; index < network.messages; index++) {
    agenda.push({ at: rng.unit() * network.messages * 20, act: write })
  }
  pass(agenda, readers, check)
  return readers
}

function pass(
  agenda: { readonly at: number; readonly act: (now: Instant) => void }[],
  readers: readonly Reader[],
  check: (reader: Reader) => void,
): void {
  for (;;) {
    const dues = readers.map(({ holdBack }) => holdBack.next ?? Infinity)
    let first = -1
    for (const [index, { at }] of agenda.entries()) {
      if (first < 0 || at < agenda[first]!.at) first = index
    }
    const due = Math.min(...dues)
    const next = agenda[first]
    if (next === undefined && due === Infinity) return
    if (next !== undefined && next.at <= due) {
      agenda.splice(first, 1)
      next.act(instant(next.at))
    } else {
      const reader = readers[dues.indexOf(due)]!
      reader.hear(reader.holdBack.expire(instant(due)))
    }
    for (const reader of readers) check(reader)
  }
}

/** Numbers that a reader was told lost, by writer. */
function lostOf(reader: Reader): Map<string, number[]> {
  const lost = new Map<string, number[]>()
  for (const one of reader.told) {
    if (one.type !== 'lost') continue
    const numbers = lost.get(one.author) ?? []
    for (let seq = one.first; seq < one.first + one.count; seq++) numbers.push(seq)
    lost.set(one.author, numbers)
  }
  return lost
}

function inOrder(readers: readonly Reader[], liar: boolean): void {
  for (const reader of readers) {
    const last = new Map<number, number>()
    for (const { sent } of reader.delivered) {
      if (liar && sent.writer === 0) continue
      expect(sent.seq).toBeGreaterThan(last.get(sent.writer) ?? -1)
      last.set(sent.writer, sent.seq)
    }
  }
}

/** Everything up to the highest number that came was handed over or told lost, once; and gaps end once. */
function accountedFor(readers: readonly Reader[], liar: boolean): void {
  for (const reader of readers) {
    const lost = lostOf(reader)
    const seen = new Map<string, number[]>()
    for (const { sent } of reader.delivered) {
      if (liar && sent.writer === 0) continue
      const { author } = streamOf(sent.writer)
      seen.set(author, [...(seen.get(author) ?? []), sent.seq])
    }
    for (const [author, numbers] of seen) {
      const all = [...numbers, ...(lost.get(author) ?? [])].toSorted((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: all.length }, (_, seq) => seq))
    }
    const ends = new Map<string, number>()
    for (const one of reader.told) {
      if (one.type === 'repaired') ends.set(`${one.author} ${one.first}`, 1)
    }
    for (const one of reader.told) {
      if (one.type !== 'gap') continue
      const repaired = ends.has(`${one.author} ${one.first}`)
      const numbers = lost.get(one.author) ?? []
      const some = numbers.some((seq) => seq >= one.first && seq < one.first + one.count)
      expect([repaired, some].filter(Boolean)).toHaveLength(1)
    }
    expect(reader.holdBack.missing).toEqual([])
    expect(reader.holdBack.view).toMatchObject({ held: 0, heldBytes: 0 })
  }
}

/** No message goes before its cause, unless it says so. */
function afterCauses(readers: readonly Reader[], liar: boolean): void {
  for (const reader of readers) {
    const place = new Map<string, number>()
    for (const [index, { sent }] of reader.delivered.entries()) {
      place.set(`${refOf(sent.writer)} ${sent.seq}`, index)
    }
    for (const [index, { sent, unmet }] of reader.delivered.entries()) {
      const early = sent.causes.filter(
        ({ stream, seq }) =>
          (place.get(`${stream} ${seq}`) ?? -1) > index && !(liar && stream === refOf(0)),
      )
      expect(early.length).toBeLessThanOrEqual(unmet)
    }
  }
}

const networks = fc.record({
  seed: fc.nat(),
  writers: fc.integer({ min: 2, max: 6 }),
  messages: fc.integer({ min: 1, max: 120 }),
  lossShare: fc.constantFrom(0, 0.05, 0.3),
  repeatShare: fc.constantFrom(0, 0.2),
  delayMs: fc.constantFrom(10, 1_000, 20_000),
  liar: fc.boolean(),
})

describe.each(['fifo', 'causal'] as const)('%s', (order) => {
  it('keeps each author in order and accounts for every number', () => {
    fc.assert(
      fc.property(networks, (network) => {
        const readers = run({ ...network, order })
        inOrder(readers, network.liar)
        accountedFor(readers, network.liar)
        if (order === 'causal') afterCauses(readers, network.liar)
      }),
      { numRuns: 150 },
    )
  })

  it('holds no more than its bounds, whatever is lost', () => {
    const limits = {
      streams: 3,
      heldPerStream: 4,
      bytesPerStream: 350,
      heldMessages: 8,
      heldBytes: 700,
    }
    fc.assert(
      fc.property(networks, (network) => {
        const readers = run({ ...network, order, limits }, ({ holdBack: { view } }) => {
          expect(view.streams).toBeLessThanOrEqual(limits.streams)
          expect(view.held).toBeLessThanOrEqual(limits.heldMessages)
          expect(view.heldBytes).toBeLessThanOrEqual(limits.heldBytes)
        })
        inOrder(readers, network.liar)
      }),
      { numRuns: 100 },
    )
  })
})

it('causal: without loss everything comes, and after all of its past', () => {
  fc.assert(
    fc.property(networks, (network) => {
      const readers = run({
        ...network,
        order: 'causal',
        lossShare: 0,
        delayMs: 1_000,
        liar: false,
      })
      const written = new Map<string, Sent>()
      for (const reader of readers) {
        for (const { sent, unmet } of reader.delivered) {
          expect(unmet).toBe(0)
          written.set(`${refOf(sent.writer)} ${sent.seq}`, sent)
        }
      }
      for (const [index, reader] of readers.entries()) {
        const had = new Set<string>()
        for (const { sent } of reader.delivered) {
          for (const cause of sent.causes) {
            if (cause.stream === refOf(index)) continue
            expect(had.has(`${cause.stream} ${cause.seq}`)).toBe(true)
          }
          had.add(`${refOf(sent.writer)} ${sent.seq}`)
        }
        expect(had.size).toBe([...written.values()].filter(({ writer }) => writer !== index).length)
      }
    }),
    { numRuns: 100 },
  )
})

it('as they come: nothing waits, and every gap ends repaired or lost', () => {
  fc.assert(
    fc.property(networks, (network) => {
      const readers = run({ ...network, order: 'none', liar: false, repeatShare: 0 }, (reader) =>
        expect(reader.holdBack.view.held).toBe(0),
      )
      for (const reader of readers) {
        const opened = reader.told.filter(({ type }) => type === 'gap')
        const ended = reader.told.filter(({ type }) => type === 'repaired' || type === 'lost')
        expect(ended.length).toBeGreaterThanOrEqual(opened.length)
        expect(reader.holdBack.missing).toEqual([])
      }
    }),
    { numRuns: 100 },
  )
})
