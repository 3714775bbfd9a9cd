import { epochMs, fail, ok, type Result } from '@kithnet/kernel'
import { bodyOf } from '@kithnet/overlay'
import {
  badShape,
  type CborValue,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBatchValue,
  isBytes,
  isTuple,
  isUint,
  messageIdFromBytes,
  peerIdFromBytes,
  publicKeyBytes,
  type Signed,
  signatureBytes,
  streamIdBytes,
  streamIdFromBytes,
} from '@kithnet/types'
import type { Arrived } from './message.ts'

/** A message as the log has it. Its batch and its author's key stand with the first that needed them. */
export interface Entry {
  readonly arrived: Omit<Arrived, 'signed'>
  /** The batch, or the position of the entry that has it. */
  readonly batch: Signed | number
  /** The author's key, or the position of the entry that has it; `undefined` when it was not known. */
  readonly key: Uint8Array | number | undefined
}

export function encodeEntry({ arrived, batch, key }: Entry): Uint8Array {
  const { id, author, stream, seq, hlc, via, carried } = arrived
  return encodeCbor([
    2,
    idToBytes(id),
    idToBytes(author),
    idToBytes(stream),
    seq,
    hlc,
    idToBytes(via),
    carried,
    typeof batch === 'number' ? batch : [batch.body, batch.signature],
    key ?? null,
  ])
}

/** Byte strings are views into `bytes`. */
export function decodeEntry(bytes: Uint8Array): Result<Entry> {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok) return fail(decoded.fault)
  if (!isTuple(decoded.value, 10)) return badShape('kept')
  const [version, id, author, stream, seq, hlc, via, carried, batchValue, keyValue] = decoded.value
  if (version !== 2 || !isBytes(id, idBytes) || !isBytes(author, idBytes)) return badShape('kept')
  if (!isBytes(stream, streamIdBytes) || !isUint(seq) || !isUint(hlc)) return badShape('kept')
  if (!isBytes(via, idBytes) || !(carried instanceof Uint8Array)) return badShape('kept')
  const batch = batchOf(batchValue)
  const key = keyValue === null ? undefined : keyOf(keyValue)
  if (batch === undefined || (key === undefined && keyValue !== null)) return badShape('kept')
  const arrived = {
    id: messageIdFromBytes(id),
    author: peerIdFromBytes(author),
    stream: streamIdFromBytes(stream),
    seq,
    hlc: epochMs(hlc),
    late: true,
    via: peerIdFromBytes(via),
    unmet: 0,
    payload: bodyOf(carried),
    carried,
  }
  return ok({ arrived, batch, key })
}

function batchOf(value: CborValue | undefined): Signed | number | undefined {
  if (isUint(value)) return value
  return isBatchValue(value, signatureBytes) ? { body: value[0], signature: value[1] } : undefined
}

function keyOf(value: CborValue | undefined): Uint8Array | number | undefined {
  if (isUint(value)) return value
  return isBytes(value, publicKeyBytes) ? value : undefined
}
