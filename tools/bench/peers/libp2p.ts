import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CountReader, LengthReader } from './length-reader.ts'
import {
  acksAfter,
  CountWaiter,
  encodeCount,
  type Messenger,
  serveWhenAsked,
  type Subject,
} from './subject.ts'

type Node = Awaited<ReturnType<typeof createLibp2p>>
type P2pStream = Awaited<ReturnType<Node['dialProtocol']>>

/** js-libp2p on TCP, Noise and Yamux, as it comes. Its streams carry bytes, so messages have a length in front. */
export const libp2p: Subject = {
  async serve() {
    const node = await started(['/ip4/127.0.0.1/tcp/0'])
    await node.handle(protocol, (stream) => {
      let count = 0
      const reader = new LengthReader((length) => {
        if (acksAfter(++count, length)) stream.send(encodeCount(count))
      })
      stream.addEventListener('message', ({ data }) => reader.push(data.subarray()))
    })
    return String(node.getMultiaddrs()[0])
  },
  async dial(address) {
    const node = await started([])
    const stream = await node.dialProtocol(multiaddr(address), protocol)
    return new P2pMessenger(node, stream)
  },
}

class P2pMessenger implements Messenger {
  readonly #node: Node
  readonly #stream: P2pStream
  readonly #waiter = new CountWaiter()

  constructor(node: Node, stream: P2pStream) {
    this.#node = node
    this.#stream = stream
    const reader = new CountReader((count) => this.#waiter.rise(count))
    stream.addEventListener('message', ({ data }) => reader.push(data.subarray()))
  }

  send(message: Uint8Array): Promise<void> | undefined {
    const framed = new Uint8Array(4 + message.length)
    framed.set(encodeCount(message.length))
    framed.set(message, 4)
    return this.#stream.send(framed) ? undefined : this.#stream.onDrain()
  }

  received(count: number): Promise<number> {
    return this.#waiter.reach(count)
  }

  async close(): Promise<void> {
    await this.#node.stop()
  }
}

const protocol = '/bench/1'

function started(listen: string[]): Promise<Node> {
  return createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  })
}

await serveWhenAsked(libp2p, import.meta.main)
