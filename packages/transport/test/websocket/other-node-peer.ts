import { contextOf, type Claim, selectBackend } from '@kithnet/identity'
import { toHex, utf8 } from '@kithnet/kernel'
import { address, networkId, peerIdOf } from '@kithnet/types'
import { websocketTransport } from '../../src/websocket/index.ts'

/**
 * A peer for another Node: listens, says where, dials the address of its first argument as one who meets it for the
 * first time, and tells its backend, its suite and what was echoed. Signs on its own thread, to be one file when bundled.
 */
const [dialAddress] = process.argv.slice(2)
const backend = selectBackend()
const context = contextOf('handshake')
const keys = backend.mlDsa65.keyPair(new Uint8Array(32).fill(9))
const transport = websocketTransport({
  network: networkId('interop'),
  identity: {
    peer: peerIdOf(keys.publicKey),
    publicKey: keys.publicKey,
    sign: (_, body) => Promise.resolve(keys.sign(body, context)),
  },
  scheme: {
    verify: ({ publicKey, body, signature }: Claim) =>
      Promise.resolve(backend.mlDsa65.verify(publicKey, body, context, signature)),
  },
})
const listener = await transport.listen(parsed('ws://127.0.0.1:0'), (link) => {
  link.onStream = (stream) => {
    stream.onMessage = (message) => void stream.send(Uint8Array.from(message))
  }
})
const link = await transport.dial(parsed(dialAddress!), { firstContact: true })
const stream = link.open('pubsub')
const echoed = new Promise<string>((resolve) => {
  stream.onMessage = (message) => resolve(toHex(message))
})
stream.send(utf8(process.version))
const report = {
  version: process.version,
  backend: backend.name,
  suite: link.info.suite,
  echoed: await echoed,
  listening: listener.address,
  peer: peerIdOf(keys.publicKey),
}
process.stdout.write(`${JSON.stringify(report)}\n`)
process.stdin.on('end', () => void transport.close())
process.stdin.resume()

function parsed(text: string): ReturnType<typeof orThrow> {
  return orThrow(address(text))
}

function orThrow(
  result: ReturnType<typeof address>,
): Extract<typeof result, { ok: true }>['value'] {
  if (!result.ok) throw new Error(result.fault.text)
  return result.value
}
