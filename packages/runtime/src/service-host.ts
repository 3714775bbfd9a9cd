import { epochMs, instant } from '@kithnet/kernel'
import type { PeerId, Service, ServiceHost, ServiceMessage, Stream } from '@kithnet/types'
import type { Links } from './links.ts'
import type { Node } from './node.ts'
import { exchange } from './protocols.ts'
import { later, systemClock } from './system.ts'
import { Whereabouts, whereProtocol } from './whereabouts.ts'

/** What a node of these services offers beside its own: each service's interface under its name. */
export type ServicesOf<Services extends readonly Service[]> = {
  readonly [One in Services[number] as One['name']]: One extends Service<string, infer Api>
    ? Api
    : never
}

/** The host on which the services of one node run. */
export function serviceHost(node: Node, links: Links): ServiceHost {
  const clock = systemClock()
  const whereabouts = new Whereabouts({
    self: node.id,
    book: links.book,
    neighbours: () => node.neighbours,
    addresses: () => node.addresses,
    request: async (neighbour, message, ms) => {
      const stream = node.protocols.begin(await links.open(neighbour), whereProtocol)
      const signal = AbortSignal.any([node.signal, AbortSignal.timeout(ms)])
      return exchange(stream, whereProtocol, message, signal)
    },
  })
  node.protocols.answer(whereProtocol, (message, from) => whereabouts.answer(message, from))
  const reach = async (peer: PeerId): Promise<Awaited<ReturnType<Links['open']>>> => {
    if (!links.has(peer)) await whereabouts.find(peer)
    try {
      return await links.open(peer)
    } catch (error) {
      if (!whereabouts.misled(peer)) throw error
      return reach(peer)
    }
  }
  const open = async (peer: PeerId, protocol: string): Promise<Stream> => {
    return node.protocols.begin(await reach(peer), protocol)
  }
  return {
    self: node.id,
    network: node.network,
    signal: node.signal,
    store: node.store,
    now: () => instant(clock.now()),
    wall: () => epochMs(clock.wall()),
    publish: async (topic, payload, signal) => {
      const published = await node
        .topic(topic)
        .publish(payload, signal === undefined ? {} : { signal: signal as AbortSignal })
      return published.peers
    },
    subscribe: (topic, listener) =>
      node.topic(topic).listen((message) => {
        if (message.value instanceof Uint8Array) listener(serviceMessage(message, message.value))
      }),
    stream: open,
    onStream: (protocol, take) => node.protocols.take(protocol, take),
    request: async (peer, protocol, message, signal) =>
      exchange(await open(peer, protocol), protocol, message, signal as AbortSignal | undefined),
    onRequest: (protocol, answer) => node.protocols.answer(protocol, answer),
    onNeighbour: (listener) => {
      const up = node.on('neighbour', ({ peer }) => listener(peer, true))
      const down = node.on('neighbourLost', ({ peer }) => listener(peer, false))
      for (const peer of node.neighbours) listener(peer, true)
      return {
        [Symbol.dispose]: () => {
          up[Symbol.dispose]()
          down[Symbol.dispose]()
        },
      }
    },
    timer: (ms, callback) => later(ms, callback),
  }
}

function serviceMessage(
  message: Omit<ServiceMessage, 'payload'>,
  payload: Uint8Array,
): ServiceMessage {
  return { id: message.id, author: message.author, payload, at: message.at, late: message.late }
}
