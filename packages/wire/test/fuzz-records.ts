import { assert, concat, equalBytes, type Rng, seededRng, utf8 } from '@kithnet/kernel'
import { decodeRecord, type ElraRecord, encodeRecord, type Mode, RecordWriter } from '@kithnet/wire'
import { sampleFields, strictBytes } from './sample-record.ts'

/** What a run of `fuzzRecords` saw. */
export interface FuzzOutcome {
  readonly accepted: number
  readonly refused: number
  /** Codes of the faults. */
  readonly codes: ReadonlySet<string>
}

const texts: readonly string[] = [
  '{}',
  '{"a":1,"b":[true,false,null,-7]}',
  '{"f":0.85,"g":1e-7,"h":-0.0,"i":18446744073709551615}',
  '{"nested":{"a":{"b":["x",{"c":"d"}]}},"t":"\\u001f\\n\\"\\\\"}',
  '{"\u017e":"\u{1f600}","\uff5e":2}',
]

/**
 * Mutates records and looks at what both modes make of them: a value or a fault and never a throw; what strict
 * accepts is written again byte for byte, and is accepted by compatible, which keeps the bytes.
 *
 * @throws when one of that does not hold, naming the case.
 */
export function fuzzRecords(cases: number, seed: string): FuzzOutcome {
  const rng = seededRng(seed)
  const bases = basesOf()
  const codes = new Set<string>()
  const writer = new RecordWriter()
  let accepted = 0
  for (let index = 0; index < cases; index++) {
    const input = mutated(rng, bases[rng.below(bases.length)]!)
    const mode: Mode = index % 4 === 3 ? 'compatible' : 'strict'
    const read = decodeRecord(input, mode)
    if (!read.ok) {
      codes.add(read.fault.code)
      continue
    }
    accepted++
    if (!holds(writer, read.value, input, mode)) {
      throw new Error(`case ${index} of seed ${seed} does not hold`)
    }
  }
  return { accepted, refused: cases - accepted, codes }
}

function holds(writer: RecordWriter, record: ElraRecord, input: Uint8Array, mode: Mode): boolean {
  touch(record)
  if (!equalBytes(record.bytes, input)) return false
  const again = writer.record(record, mode)
  if (!again.ok) return false
  if (mode === 'compatible') return decodeRecord(again.value, 'compatible').ok
  if (!equalBytes(again.value, input)) return false
  return decodeRecord(input, 'compatible').ok
}

/** Reads every field: a record that was accepted must have them all. */
function touch(record: ElraRecord): void {
  assert(record.id.length + record.parents.length >= 0, 'ids are texts')
  assert(record.metadata.size >= 0 && record.contentHash.length === 32, 'the rest is there')
}

/** Short compatible records, so that most mutations hit something, and strict ones. */
function basesOf(): readonly Uint8Array[] {
  const strict = texts.map((text) =>
    withMetadata(strictBytes(sampleFields({ metadata: new Map() })), text),
  )
  const short = texts.map((text) => {
    const fields = sampleFields({ creatorKey: utf8('key'), signature: utf8('signature') })
    const written = encodeRecord({ ...fields, metadata: new Map() }, 'compatible')
    assert(written.ok, 'compatible writes it')
    return withMetadata(written.value, text)
  })
  const unsigned = texts.map((text) => {
    const fields = sampleFields({ metadata: new Map(), signature: undefined, parents: [] })
    return withMetadata(strictBytes(fields), text)
  })
  return [...strict, ...short, ...unsigned]
}

/** A record without metadata, with this JSON text put in. */
function withMetadata(bytes: Uint8Array, text: string): Uint8Array {
  const empty = utf8('\0\0\0\x02{}')
  const at = bytes.findIndex((_, start) => equalBytes(bytes.subarray(start, start + 6), empty))
  const json = utf8(text)
  const out = new Uint8Array(bytes.length - 2 + json.length)
  out.set(bytes.subarray(0, at))
  new DataView(out.buffer).setUint32(at, json.length)
  out.set(json, at + 4)
  out.set(bytes.subarray(at + 6), at + 4 + json.length)
  return out
}

/** A copy with nothing to a few changes: bytes set, cut off, added or moved. */
function mutated(rng: Rng, base: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes = base.slice()
  for (let changes = rng.below(4); changes > 0; changes--) {
    const at = place(rng, bytes)
    const kind = rng.below(16)
    if (kind === 0) bytes = bytes.slice(0, at)
    else if (kind === 1) bytes = concat(bytes, rng.bytes(1))
    else if (kind < 6) bytes[at] = rng.below(256)
    else if (kind < 9) bytes[at] = 0x20 + rng.below(0x60)
    else if (kind < 12) bytes[at] = bytes[at]! ^ (1 << rng.below(8))
    else bytes.copyWithin(at, place(rng, bytes), place(rng, bytes))
  }
  return bytes
}

/** Mostly where lengths, ids and metadata stand. */
function place(rng: Rng, bytes: Uint8Array): number {
  if (bytes.length < 2) return 0
  if (bytes.length < 2100 || rng.below(4) === 0) return rng.below(bytes.length)
  return rng.below(2) === 0 ? rng.below(80) : Math.min(2030 + rng.below(200), bytes.length - 1)
}
