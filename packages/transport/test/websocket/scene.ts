import { createIdentity, type Identity } from '@kithnet/identity'
import type { Fault } from '@kithnet/kernel'
import {
  address,
  type Address,
  type Link,
  networkId,
  type Stream,
  type Transport,
} from '@kithnet/types'
import { websocketTransport } from '../../src/websocket/index.ts'
import type { WebsocketOptions } from '../../src/websocket/websocket-transport.ts'

export const network = networkId('websocket')

/** Identities that every test may use; making one takes a while without native keys. */
export const [ada, bob, eve] = [1, 2, 3].map((fill) =>
  createIdentity(new Uint8Array(32).fill(fill)),
) as [Identity, Identity, Identity]

export function at(text: string): Address {
  const parsed = address(text)
  if (!parsed.ok) throw new Error(`no address: ${text}`)
  return parsed.value
}

/** Transports that close with the test. */
export class Scene implements AsyncDisposable {
  readonly refused: (Fault | undefined)[] = []
  readonly #transports: Transport[] = []

  make(options: Partial<WebsocketOptions> & Pick<WebsocketOptions, 'identity'>): Transport {
    const onRefused = (_: string, fault: Fault | undefined): void => void this.refused.push(fault)
    const transport = websocketTransport({ network, onRefused, ...options })
    this.#transports.push(transport)
    return transport
  }

  /** Bob listens; every link that he accepts comes out of `links`. */
  async listen(
    options: Partial<WebsocketOptions> = {},
  ): Promise<{ where: Address; links: Link[]; next: () => Promise<Link> }> {
    const links: Link[] = []
    const waiting: ((link: Link) => void)[] = []
    const bobs = this.make({ identity: bob, ...options })
    const listener = await bobs.listen(at('ws://127.0.0.1:0'), (link) => {
      links.push(link)
      waiting.shift()?.(link)
    })
    const next = (): Promise<Link> => new Promise((resolve) => waiting.push(resolve))
    return { where: listener.address, links, next }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()))
  }
}

/** The next message of a stream, copied. */
export function message(stream: Stream): Promise<Uint8Array> {
  return new Promise((resolve) => {
    stream.onMessage = (bytes) => resolve(Uint8Array.from(bytes))
  })
}

/** The next stream that the other side opens, and its first message, which comes in the same breath. */
export function incomingStream(
  link: Link,
): Promise<{ readonly back: Stream; readonly first: Promise<Uint8Array> }> {
  return new Promise((resolve) => {
    link.onStream = (back) => resolve({ back, first: message(back) })
  })
}

/** The code of what a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
  return 'no error'
}
