import {
  networkId,
  type Address,
  type Link,
  type NetworkId,
  type PeerId,
  type Stream,
  type StreamClass,
  type Transport,
} from '@kithnet/types'
import type { LinkLimits } from '../limits.ts'

/** What a transport in a check is made with. */
export interface SideOptions {
  readonly network: NetworkId
  readonly limits: Partial<LinkLimits>
}

/** A transport and whose it is. */
export interface Side {
  readonly transport: Transport
  readonly peer: PeerId
}

/** Stands between a dialler and a listener, and passes bytes on until it is told to swallow them. */
export interface Relay {
  readonly address: Address
  /** From now on nothing passes, and nobody is told. */
  swallow(): void
  close(): Promise<void>
}

/** How to get transports of one kind. */
export interface TransportFixture {
  /** A fresh transport of a fresh identity. */
  create(options: SideOptions): Promise<Side>
  /** Where to listen: each use gives a free place, such as port 0. */
  readonly listenOn: Address
  /** An address of this kind where nobody listens. */
  readonly nobody: Address
  /** Where it makes sense: an address that leads to another one. */
  relay?(to: Address): Promise<Relay>
}

/** Two transports with a link between them. */
export interface Meeting extends AsyncDisposable {
  readonly dialler: Side
  readonly listener: Side
  readonly dialled: Link
  readonly accepted: Link
  /** A stream that the dialler opened, at both ends. */
  stream(streamClass?: StreamClass): Promise<{ readonly near: Stream; readonly far: Stream }>
}

/** The network of all checks. */
export const suiteNetwork: NetworkId = networkId('acceptance suite')

/** Small enough to be reached quickly, large enough for the longest message. */
export const suiteLimits: Partial<LinkLimits> = {
  maxBulkMessageBytes: 4_194_304,
  keepaliveMs: 100,
  deadMs: 500,
}

/** Makes two transports and a link between them. */
export async function meet(
  fixture: TransportFixture,
  limits: Partial<LinkLimits> = {},
): Promise<Meeting> {
  const options = { network: suiteNetwork, limits: { maxBulkMessageBytes: 4_194_304, ...limits } }
  const [dialler, listener] = await Promise.all([fixture.create(options), fixture.create(options)])
  const arrival = Promise.withResolvers<Link>()
  const { address } = await listener.transport.listen(fixture.listenOn, (link) => {
    arrival.resolve(link)
  })
  const dialled = await dialler.transport.dial(address, { expect: listener.peer })
  const accepted = await arrival.promise
  const opened: Stream[] = []
  let wake: (() => void) | undefined
  accepted.onStream = (stream) => {
    opened.push(stream)
    wake?.()
  }
  return {
    dialler,
    listener,
    dialled,
    accepted,
    async stream(streamClass = 'pubsub') {
      const near = dialled.open(streamClass)
      while (opened.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return { near, far: opened.shift()! }
    },
    async [Symbol.asyncDispose]() {
      dialled.destroy()
      await Promise.all([dialler.transport.close(), listener.transport.close()])
    },
  }
}

/** Resolves with the first `count` messages of a stream, copied. */
export function messagesOf(stream: Stream, count: number): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const messages: Uint8Array[] = []
    stream.onMessage = (message) => {
      messages.push(Uint8Array.from(message))
      if (messages.length === count) resolve(messages)
    }
    stream.onClose = (cause) => {
      reject(new Error(`the stream ended (${cause}) after ${messages.length} of ${count} messages`))
    }
  })
}

/** Resolves with why a link is gone. */
export function endOf(
  link: Link,
): Promise<{ readonly cause: string; readonly code: string | undefined }> {
  return new Promise((resolve) => {
    link.onClose = (cause, fault) => resolve({ cause, code: fault?.code })
  })
}

/** Resolves with why a stream is over. */
export function closeOf(stream: Stream): Promise<string> {
  return new Promise((resolve) => {
    stream.onClose = resolve
  })
}

/** Bytes that no other length or seed gives. */
export function patterned(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed * 7 + (at >> 8)) & 255
  return bytes
}
