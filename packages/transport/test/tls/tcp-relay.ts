import { connect, createServer, type Socket } from 'node:net'
import { address, type Address, addressOf, addressParts } from '@kithnet/types'

/** The parsed form of an address that a test writes down. */
export function at(text: string): Address {
  const result = address(text)
  if (!result.ok) throw new Error(`not an address: ${text}`)
  return result.value
}

/** A TCP relay between a dialler and a listener that counts bytes and can swallow them. */
export interface TcpRelay {
  readonly address: Address
  /** Bytes that came from diallers, and from the listener. */
  readonly fromDialler: () => number
  readonly fromListener: () => number
  /** Resets every connection through it. */
  cut(): void
  swallow(): void
  close(): Promise<void>
}

export function relayTo(to: Address): Promise<TcpRelay> {
  const { scheme, host, port } = addressParts(to)
  const sockets = new Set<Socket>()
  let swallowing = false
  const counts = { dialler: 0, listener: 0 }
  const server = createServer((near) => {
    const far = connect(port, host)
    for (const [from, other, whose] of [
      [near, far, 'dialler'],
      [far, near, 'listener'],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        counts[whose] += bytes.length
        if (!swallowing) other.write(bytes)
      })
      from.on('error', () => other.destroy())
      from.on('close', () => {
        sockets.delete(from)
        if (!swallowing) other.destroy()
      })
    }
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address()
      const boundPort = typeof bound === 'object' && bound !== null ? bound.port : 0
      resolve({
        address: addressOf({ scheme, host: '127.0.0.1', port: boundPort }),
        fromDialler: () => counts.dialler,
        fromListener: () => counts.listener,
        cut: () => {
          for (const socket of sockets) socket.resetAndDestroy()
        },
        swallow: () => {
          swallowing = true
        },
        close: () => {
          for (const socket of sockets) socket.destroy()
          return new Promise((closed) => server.close(() => closed()))
        },
      })
    })
  })
}
