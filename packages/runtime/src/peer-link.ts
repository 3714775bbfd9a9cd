import { CodedError, type Fault } from '@kithnet/kernel'
import type { Address, Link, Stream } from '@kithnet/types'

/** The two classes of frames that the overlay sends. */
export type Channel = 'membership' | 'pubsub'

/** Who is told how sending on a link goes. */
export interface PeerLinkOwner {
  congested(): void
  drained(): void
  fault(fault: Fault): void
}

/** A link in use: a stream of our own for each class of frames, so that neither side waits for the other to open one. */
export class PeerLink {
  readonly link: Link
  /** Where this side made the link; `undefined` when the other side did. */
  readonly dialled: Address | undefined
  readonly #out: Readonly<Record<Channel, Stream>>
  readonly #owner: PeerLinkOwner
  readonly #congested = new Set<Channel>()
  #bytes = 0
  #idleTicks = 0
  #ticks = 0

  constructor(link: Link, dialled: Address | undefined, owner: PeerLinkOwner) {
    this.link = link
    this.dialled = dialled
    this.#owner = owner
    this.#out = { membership: link.open('membership'), pubsub: link.open('pubsub') }
  }

  /** Queues a frame, which nobody changes any more. What the queue has no room for is dropped and told. */
  send(channel: Channel, frame: Uint8Array): void {
    const stream = this.#out[channel]
    try {
      if (stream.send(frame) || this.#congested.has(channel)) return
    } catch (error) {
      this.#owner.fault(error instanceof CodedError ? error.fault : { code: 'runtime/send-failed' })
      return
    }
    this.#congested.add(channel)
    this.#owner.congested()
    stream.drained().then(
      () => {
        this.#congested.delete(channel)
        if (this.#congested.size === 0) this.#owner.drained()
      },
      () => this.#congested.delete(channel),
    )
  }

  /** Counts a tick of the sweep; says for how many in a row nobody has used the link, and whether its keys are old. */
  tick(isNeeded: boolean): { readonly idleTicks: number; readonly keysAreOld: boolean } {
    const stats = this.link.stats()
    const bytes = stats.bytesSent + stats.bytesReceived
    const isUsed = isNeeded || stats.bulkStreams > 0 || bytes - this.#bytes > keepaliveBytes
    this.#idleTicks = isUsed ? 0 : this.#idleTicks + 1
    this.#bytes = bytes
    this.#ticks++
    const keysAreOld = this.#ticks >= rekeyTicks || bytes >= rekeyBytes
    // Asks once a minute: the fresh link may be long in coming.
    return { idleTicks: this.#idleTicks, keysAreOld: keysAreOld && this.#ticks % 60 === 0 }
  }
}

/** Bytes that keepalives and clean-up may move in a tick without counting as use. Source: our choice. */
const keepaliveBytes = 256
/** A link's keys serve for a day of ticks of a second, or 64 GiB. Source: our choice, below the limits of AES-GCM in RFC 8446 section 5.5. */
const rekeyTicks = 86_400
const rekeyBytes = 64 * 2 ** 30
