import { type Aead, aeadTagBytes } from '@kithnet/identity'
import {
  after,
  assert,
  type Bytes,
  fail,
  type Instant,
  ok,
  type Result,
  wipe,
} from '@kithnet/kernel'
import type { ChannelFault } from './faults.ts'
import { type Frame, frameHeader, frameHeaderBytes, frameKind, maxRecordBytes } from './frames.ts'
import { ratcheted, type RecordKeys, recordKeys, recordNonceBytes } from './key-schedule.ts'
import { type ChannelPrimitives, type ChannelSuite, cipherOf } from './primitives.ts'

/** How long one record key is used. */
export interface RatchetLimits {
  readonly records: number
  readonly bytes: number
  /** Only the sender, who has a clock of its own, can hold itself to this. */
  readonly ageMs: number
}

/** Source: papers on handshakes, rekeying after 2^20 records, 1 GiB or 10 minutes. */
export const defaultRatchetLimits: RatchetLimits = {
  records: 2 ** 20,
  bytes: 2 ** 30,
  ageMs: 600_000,
}

/** What a record holds. */
export type RecordContent =
  /** Fresh bytes of their own. */
  | { readonly type: 'data'; readonly bytes: Bytes }
  /** The key changed; nothing for the reader. */
  | { readonly type: 'ratchet' }
  /** The other side's last record: everything that it sent has arrived. */
  | { readonly type: 'close' }

/** One direction's secret, the key made of it, and how much that key has protected. */
class RecordKey {
  readonly #primitives: ChannelPrimitives
  readonly cipher: Aead
  #secret: Bytes
  #keys: RecordKeys
  #counter = 0
  #bytes = 0

  constructor(primitives: ChannelPrimitives, suite: ChannelSuite, secret: Bytes) {
    this.#primitives = primitives
    this.cipher = cipherOf(primitives, suite)
    this.#secret = secret
    this.#keys = recordKeys(primitives, secret)
  }

  get key(): Bytes {
    return this.#keys.key
  }

  /** Records that this key has protected. */
  get counter(): number {
    return this.#counter
  }

  /** True when `length` more bytes in one more record are too much for this key. */
  isSpent(length: number, limits: RatchetLimits): boolean {
    return this.#counter >= limits.records || this.#bytes + length > limits.bytes
  }

  /** The nonce of the next record: the base XOR the 64-bit counter. Source: RFC 8446 section 5.3. */
  nonce(): Bytes {
    const nonce = this.#keys.iv.slice()
    const view = new DataView(nonce.buffer)
    const high = recordNonceBytes - 8
    view.setUint32(high, view.getUint32(high) ^ Math.floor(this.#counter / 2 ** 32))
    view.setUint32(high + 4, view.getUint32(high + 4) ^ (this.#counter >>> 0))
    return nonce
  }

  used(length: number): void {
    this.#counter++
    this.#bytes += length
  }

  /** Replaces the secret by the one after it and forgets the old. */
  ratchet(): void {
    const next = ratcheted(this.#primitives, this.#secret)
    this.wipe()
    this.#secret = next
    this.#keys = recordKeys(this.#primitives, next)
    this.#counter = 0
    this.#bytes = 0
  }

  wipe(): void {
    wipe(this.#secret, this.#keys.key, this.#keys.iv)
  }
}

/** Seals one direction's records in order, and changes the key before it is used up. */
export class RecordSealer {
  readonly #record: RecordKey
  readonly #limits: RatchetLimits
  #since: Instant
  #closed = false

  /** The secret is taken over and wiped. */
  constructor(
    primitives: ChannelPrimitives,
    suite: ChannelSuite,
    secret: Bytes,
    now: Instant,
    limits: RatchetLimits = defaultRatchetLimits,
  ) {
    this.#record = new RecordKey(primitives, suite, secret)
    this.#limits = limits
    this.#since = now
  }

  /** The frames that carry these bytes, 1 or more of them, in the order in which they must be sent. */
  seal(plaintext: Uint8Array, now: Instant): readonly Bytes[] {
    assert(!this.#closed, 'nothing is sealed after the close record')
    const frames: Bytes[] = []
    for (let at = 0; at < plaintext.length; at += maxRecordBytes) {
      const part = plaintext.subarray(at, at + maxRecordBytes)
      const used = this.#record.counter > 0
      const old = used && now >= after(this.#since, this.#limits.ageMs)
      if (old || this.#record.isSpent(part.length, this.#limits)) frames.push(this.#ratchet(now))
      frames.push(this.#frame(frameKind.data, part))
    }
    return frames
  }

  /** The last frame of this direction: its absence shows that bytes were cut off. */
  close(): Bytes {
    assert(!this.#closed, 'a channel is closed once')
    this.#closed = true
    return this.#frame(frameKind.close, new Uint8Array(0))
  }

  /** Forgets the keys; nothing can be sealed any more. */
  wipe(): void {
    this.#closed = true
    this.#record.wipe()
  }

  #ratchet(now: Instant): Bytes {
    const frame = this.#frame(frameKind.ratchet, new Uint8Array(0))
    this.#record.ratchet()
    this.#since = now
    return frame
  }

  #frame(kind: number, plaintext: Uint8Array): Bytes {
    const { cipher, key } = this.#record
    const header = frameHeader(kind, plaintext.length + aeadTagBytes)
    const sealed = cipher.seal(key, this.#record.nonce(), plaintext, header)
    this.#record.used(plaintext.length)
    const frame = new Uint8Array(frameHeaderBytes + sealed.length)
    frame.set(header)
    frame.set(sealed, frameHeaderBytes)
    return frame
  }
}

/**
 * Opens the other direction's records in order. The counter is never sent: a record that is missing, repeated,
 * moved or changed fails to open, and the channel ends.
 */
export class RecordOpener {
  readonly #record: RecordKey
  readonly #limits: RatchetLimits
  #closed = false

  /** The secret is taken over and wiped. */
  constructor(
    primitives: ChannelPrimitives,
    suite: ChannelSuite,
    secret: Bytes,
    limits: RatchetLimits = defaultRatchetLimits,
  ) {
    this.#record = new RecordKey(primitives, suite, secret)
    this.#limits = limits
  }

  /** True after the close record: the end of the carrier is then no truncation. */
  get closed(): boolean {
    return this.#closed
  }

  /** The content of the next frame. After a fault the channel must be cut. */
  open(frame: Frame): Result<RecordContent, ChannelFault> {
    const { kind, body } = frame
    const isRecord =
      kind === frameKind.data || kind === frameKind.ratchet || kind === frameKind.close
    if (this.#closed || !isRecord) {
      const state = this.#closed ? 'closed' : 'open'
      return fail({ code: 'transport/channel-unexpected', kind, state })
    }
    const length = body.length - aeadTagBytes
    if (length < 0 || (kind === frameKind.data) !== length > 0) {
      return fail({
        code: 'transport/channel-frame-length',
        kind,
        gotBytes: body.length,
        maxBytes: aeadTagBytes,
      })
    }
    if (kind === frameKind.data && this.#record.isSpent(length, this.#limits)) {
      return fail({ code: 'transport/channel-ratchet', rule: 'overdue' })
    }
    const header = frame.bytes.subarray(0, frameHeaderBytes)
    const opened = this.#record.cipher.open(this.#record.key, this.#record.nonce(), body, header)
    if (opened === undefined) {
      return fail({ code: 'transport/channel-unauthentic', what: 'record' })
    }
    return this.#take(kind, opened)
  }

  /** Forgets the keys; nothing can be opened any more. */
  wipe(): void {
    this.#closed = true
    this.#record.wipe()
  }

  #take(kind: number, opened: Bytes): Result<RecordContent, ChannelFault> {
    if (kind === frameKind.ratchet) {
      if (this.#record.counter === 0) {
        return fail({ code: 'transport/channel-ratchet', rule: 'unused' })
      }
      this.#record.ratchet()
      return ok({ type: 'ratchet' })
    }
    this.#record.used(opened.length)
    if (kind === frameKind.data) return ok({ type: 'data', bytes: opened })
    this.#closed = true
    return ok({ type: 'close' })
  }
}
