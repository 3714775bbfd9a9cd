import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createIdentity } from '@kithnet/identity'
import { addressParts, type Address } from '@kithnet/types'
import { describe, it } from 'vitest'
import type { GateLimits } from '../../src/pq-channel/gate.ts'
import { type Relay, type TransportFixture, transportSuite } from '../../src/suite.ts'
import { websocketTransport } from '../../src/websocket/index.ts'
import { at } from './scene.ts'

/** A TCP relay that can go silent without hanging up. */
async function relay(to: Address): Promise<Relay> {
  const sockets = new Set<Socket>()
  let swallowing = false
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: addressParts(to).port })
    for (const [from, onward] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (!swallowing) onward.write(chunk)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        if (!swallowing) onward.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  return {
    address: at(`ws://127.0.0.1:${port}`),
    swallow: () => {
      swallowing = true
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function fixtureOf(gate: Partial<GateLimits>): TransportFixture {
  return {
    create: ({ network, limits }) => {
      const identity = createIdentity()
      const transport = websocketTransport({ identity, network, limits, gate })
      return Promise.resolve({ transport, peer: identity.peer })
    },
    listenOn: at('ws://127.0.0.1:0'),
    nobody: at('ws://127.0.0.1:1'),
    relay,
  }
}

describe('the WebSocket transport', () => transportSuite(it, fixtureOf({})))

describe('the WebSocket transport that asks everybody for a cookie', () => {
  transportSuite(it, fixtureOf({ cookieAbove: 0 }))
})
