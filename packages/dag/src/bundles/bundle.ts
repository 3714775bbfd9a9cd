import { type Bytes, CodedError, concat, equalBytes, utf8 } from '@kithnet/kernel'
import { decodeCbor, encodeCbor, isBytesUpTo, isTuple, isUint } from '@kithnet/types'
import { sha3_256 } from '@kithnet/wire'
import type { CarriedFault } from '../faults.ts'

/** What a bundle carries: a record's bytes, an attestation or the proof of an equivocation. */
export interface Carried {
  readonly kind: 'record' | 'attestation' | 'equivocation'
  readonly bytes: Uint8Array
}

/**
 * A bundle file: records and what was said about them, to be carried by hand. Each entry's hash covers all entries before
 * it, and the last one says how many there are, so that whatever was changed, lost or cut off is noticed, and where.
 * Parents go before their children when `entries` has them so.
 */
export async function* writeBundle(
  entries: AsyncIterable<Carried> | Iterable<Carried>,
): AsyncGenerator<Bytes> {
  const head = magic.slice()
  yield head
  let chain: Bytes = sha3_256(head)
  let count = 0
  for await (const { kind, bytes } of entries) {
    const body = encodeCbor([kinds.indexOf(kind), bytes])
    chain = sha3_256(concat(chain, body))
    yield frame(body, chain)
    count++
  }
  const body = encodeCbor([endKind, count])
  yield frame(body, sha3_256(concat(chain, body)))
}

/**
 * The entries of a bundle, each given once its hash was found right. Holds one entry in memory, whatever the bundle's size.
 * What they say is not looked at: records and attestations prove themselves.
 *
 * @throws CodedError `dag/bad-bundle` where the bytes are not what `writeBundle` wrote, also when they end too early.
 */
export async function* readBundle(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Carried> {
  const reader = new ChunkReader(chunks)
  const head = await reader.take(magic.length)
  if (head === undefined || !equalBytes(head, magic)) throw bad('it does not begin as a bundle')
  let chain: Bytes = sha3_256(head)
  for (let count = 0; ; count++) {
    const prefix = await reader.take(4)
    if (prefix === undefined) throw bad(`it ends after ${count} entries, before its end`)
    const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0)
    if (length > maxBodyBytes) throw bad(`entry ${count} is too long`)
    const whole = await reader.take(length + hashBytes)
    if (whole === undefined) throw bad(`it ends within entry ${count}`)
    const body = whole.subarray(0, length)
    chain = sha3_256(concat(chain, body))
    if (!equalBytes(chain, whole.subarray(length))) {
      throw bad(`entry ${count} or one before it was changed`)
    }
    const entry = decodeEntry(body, count)
    if (entry === 'end') break
    yield entry
  }
  if ((await reader.take(1)) !== undefined) throw bad('something follows its end')
}

/** Longest entry. Source: elara-core takes records of up to 1 MB; everything of ours is shorter. */
export const maxBundleEntryBytes = 1_048_576

/** The first bytes of a bundle: a name, its version and a line's end, which text transfers would change. */
const magic = concat(utf8('KITHBUNDLE'), Uint8Array.of(1, 0x0d, 0x0a))
/** In the order of their numbers. */
const kinds = ['record', 'attestation', 'equivocation'] as const
const endKind = kinds.length
const hashBytes = 32
const maxBodyBytes = maxBundleEntryBytes + 16

function decodeEntry(body: Uint8Array, count: number): Carried | 'end' {
  const decoded = decodeCbor(body, 'signed', { maxBytes: maxBodyBytes, maxDepth: 1, maxItems: 3 })
  const value = decoded.ok ? decoded.value : undefined
  if (!isTuple(value, 2)) throw bad(`entry ${count} is not canonical CBOR within its bounds`)
  const [number, content] = value
  if (number === endKind) {
    if (isUint(content) && content === count) return 'end'
    throw bad(`its end counts other entries than the ${count} before it`)
  }
  const kind = isUint(number) ? kinds[number] : undefined
  if (kind === undefined || !isBytesUpTo(content, maxBundleEntryBytes)) {
    throw bad(`entry ${count} is of no known kind`)
  }
  return { kind, bytes: Uint8Array.from(content) }
}

function frame(body: Uint8Array, chain: Uint8Array): Bytes {
  const prefix = new Uint8Array(4)
  new DataView(prefix.buffer).setUint32(0, body.length)
  return concat(prefix, body, chain)
}

function bad(why: string): CodedError<CarriedFault> {
  return new CodedError<CarriedFault>(
    { code: 'dag/bad-bundle', why },
    `This bundle cannot be read: ${why}. Have it written again from its source.`,
  )
}

/** Takes exact lengths from chunks of any size. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  /** A fresh array, or `undefined` when fewer bytes are left. */
  async take(length: number): Promise<Bytes | undefined> {
    const parts: Uint8Array[] = []
    let missing = length
    for (;;) {
      const part = this.#rest.subarray(0, missing)
      this.#rest = this.#rest.subarray(part.length)
      parts.push(part)
      missing -= part.length
      if (missing === 0) return concat(...parts)
      const next = await this.#chunks.next()
      if (next.done === true) return undefined
      this.#rest = next.value
    }
  }
}
