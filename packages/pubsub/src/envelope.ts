import { concat, type EpochMs, epochMs, fromHex, toHex } from '@kithnet/kernel'
import {
  type CborValue,
  decodeCbor,
  encodeCbor,
  hash,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isTuple,
  isUint,
  type PeerId,
  peerIdFromBytes,
  type StreamId,
} from '@kithnet/types'

/** An (author, stream) in eight bytes of its hash, as text. Who makes two that agree confuses only its own. */
export type StreamRef = string

/** A message that its author had when it wrote another: to be delivered before that. */
export interface Cause {
  readonly stream: StreamRef
  readonly seq: number
  /** The cause's own time, by its author's clock. */
  readonly at: EpochMs
}

/** What an author says beside the payload, under the same signature. */
export interface Envelope {
  readonly causes: readonly Cause[]
  /** Who is asked to say that it got the message. */
  readonly confirmers: readonly PeerId[]
  /** A view into the payload that travelled. */
  readonly body: Uint8Array
}

/** Source: our choice; a frontier is as wide as there are authors who write at the same time. */
export const maxCauses = 64
/** Source: our choice. */
export const maxConfirmers = 64

/** No canonical value of CBOR begins with this byte, so most payloads travel without an envelope. */
const mark = 0xff
/** 64 causes of 24 bytes, 64 peers of 34, and the fixed fields. */
const maxHeaderBytes = 4_000
const refBytes = 8
const prefixBytes = 3

/** The reference of a stream. */
export function streamRef(author: PeerId, stream: StreamId): StreamRef {
  return toHex(hash('stream', idToBytes(author), idToBytes(stream)).subarray(0, refBytes))
}

/** The payload that travels: the body itself where there is nothing to add. */
export function seal({ causes, confirmers, body }: Envelope): Uint8Array {
  if (causes.length === 0 && confirmers.length === 0 && body[0] !== mark) return body
  const header = encodeCbor([
    1,
    causes.map((cause): CborValue => [fromHex(cause.stream)!, cause.seq, cause.at]),
    confirmers.map(idToBytes),
  ])
  return concat(Uint8Array.of(mark, header.length >> 8, header.length & 0xff), header, body)
}

/** What travelled, taken apart. Of what is no envelope all is body. */
export function unseal(payload: Uint8Array): Envelope {
  return (payload[0] === mark ? opened(payload) : undefined) ?? plain(payload)
}

/** The payload within what travelled. A view into it. */
export function bodyOf(carried: Uint8Array): Uint8Array {
  return unseal(carried).body
}

function plain(body: Uint8Array): Envelope {
  return { causes: [], confirmers: [], body }
}

function opened(payload: Uint8Array): Envelope | undefined {
  if (payload.length < prefixBytes) return undefined
  const end = prefixBytes + payload[1]! * 256 + payload[2]!
  if (end > payload.length) return undefined
  const header = decodeCbor(payload.subarray(prefixBytes, end), 'signed', {
    maxBytes: maxHeaderBytes,
    maxDepth: 3,
    maxItems: 4 + maxCauses * 4 + maxConfirmers,
  })
  if (!header.ok || !isTuple(header.value, 3) || header.value[0] !== 1) return undefined
  const causes = listed(header.value[1], maxCauses, causeOf)
  const confirmers = listed(header.value[2], maxConfirmers, peerOf)
  if (causes === undefined || confirmers === undefined) return undefined
  return { causes, confirmers, body: payload.subarray(end) }
}

function listed<T>(
  value: CborValue | undefined,
  most: number,
  read: (one: CborValue) => T | undefined,
): readonly T[] | undefined {
  if (!isList(value, most)) return undefined
  const found: T[] = []
  for (const one of value) {
    const decoded = read(one)
    if (decoded === undefined) return undefined
    found.push(decoded)
  }
  return found
}

function causeOf(value: CborValue): Cause | undefined {
  if (!isTuple(value, 3)) return undefined
  const [ref, seq, at] = value
  if (!isBytes(ref, refBytes) || !isUint(seq) || !isUint(at)) return undefined
  return { stream: toHex(ref), seq, at: epochMs(at) }
}

function peerOf(value: CborValue): PeerId | undefined {
  return isBytes(value, idBytes) ? peerIdFromBytes(value) : undefined
}
