import { once } from 'node:events'
import { createServer, connect, type TLSSocket } from 'node:tls'
import { createIdentity } from '@kithnet/identity'
import { sessionOptions, tlsHost } from '../../../packages/transport/src/tls/credentials.ts'
import { serve } from './fleet-node.ts'

/**
 * The floor of the broadcast benchmark: every message goes to every link but the one it came from, over the same
 * TLS, with no signature, no membership and no repair. It bounds what a flood over this link can do.
 */
const seen = new Set<string>()
const sockets = new Set<TLSSocket>()
const credentials = sessionOptions(tlsHost()!, createIdentity().exportSeed('ml-dsa-65'))

function relay(payload: Uint8Array, from: TLSSocket | undefined): boolean {
  // Run, author and number.
  const key = Buffer.from(payload.subarray(0, 12)).toString('latin1')
  if (seen.has(key)) return false
  seen.add(key)
  const frame = Buffer.alloc(4 + payload.length)
  frame.writeUInt32BE(payload.length)
  frame.set(payload, 4)
  for (const socket of sockets) if (socket !== from) socket.write(frame)
  return true
}

function adopt(socket: TLSSocket, take: (payload: Uint8Array) => void): void {
  sockets.add(socket)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= 4) {
      const length = rest.readUInt32BE(at)
      if (rest.length - at - 4 < length) break
      const payload = rest.subarray(at + 4, at + 4 + length)
      if (relay(payload, socket)) take(payload)
      at += 4 + length
    }
    rest = rest.subarray(at)
  })
}

serve(async (ports, take) => {
  const server = createServer(credentials, (socket) => adopt(socket, take))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (const one of ports) {
    const socket = connect({ ...credentials, port: Number(one), host: '127.0.0.1' })
    await once(socket, 'secureConnect')
    adopt(socket, take)
  }
  const { port } = server.address() as { readonly port: number }
  return { contact: String(port), publish: (payload) => void relay(payload, undefined) }
})
