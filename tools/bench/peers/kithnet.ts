import { createIdentity } from '@kithnet/identity'
import { tlsTransport } from '@kithnet/transport/tls'
import { type Address, networkId, type Stream, type Transport } from '@kithnet/types'
import {
  acksAfter,
  CountWaiter,
  decodeCount,
  encodeCount,
  type Messenger,
  serveWhenAsked,
  type Subject,
} from './subject.ts'

/** Our links on `tls`. */
export const kithnet: Subject = {
  async serve() {
    const listener = await freshTransport().listen('tls://127.0.0.1:0' as Address, (link) => {
      link.onStream = (stream) => {
        let count = 0
        stream.onMessage = (message) => {
          if (acksAfter(++count, message.length)) stream.send(encodeCount(count))
        }
      }
    })
    return listener.address
  },
  async dial(address) {
    const dialler = freshTransport()
    const link = await dialler.dial(address as Address, { firstContact: true })
    return new StreamMessenger(link.open('bulk'), dialler)
  },
}

class StreamMessenger implements Messenger {
  readonly #stream: Stream
  readonly #transport: Transport
  readonly #waiter = new CountWaiter()

  constructor(stream: Stream, transport: Transport) {
    this.#stream = stream
    this.#transport = transport
    stream.onMessage = (message) => this.#waiter.rise(decodeCount(message))
  }

  send(message: Uint8Array): Promise<void> | undefined {
    return this.#stream.send(message) ? undefined : this.#stream.drained()
  }

  received(count: number): Promise<number> {
    return this.#waiter.reach(count)
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}

function freshTransport(): Transport {
  const limits = { maxBulkMessageBytes: 134_217_728 }
  return tlsTransport({ identity: createIdentity(), network: networkId('bench'), limits })
}

await serveWhenAsked(kithnet, import.meta.main)
