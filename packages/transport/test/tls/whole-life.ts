// Run as a process of its own: everything is opened, used and closed, and then it must end by itself.
import { createIdentity } from '@kithnet/identity'
import { networkId } from '@kithnet/types'
import { tlsTransport } from '../../src/tls/index.ts'
import { at } from './tcp-relay.ts'

const network = networkId('whole life')
const [dialler, listener] = [createIdentity(), createIdentity()].map((identity) =>
  tlsTransport({ identity, network }),
) as [ReturnType<typeof tlsTransport>, ReturnType<typeof tlsTransport>]
const listening = await listener.listen(at('tls://127.0.0.1:0'), (link) => {
  link.onStream = (stream) => {
    stream.onMessage = (message) => stream.send(Uint8Array.from(message))
  }
})
const link = await dialler.dial(listening.address, { firstContact: true })
const stream = link.open('pubsub')
await new Promise<void>((resolve) => {
  stream.onMessage = () => resolve()
  stream.send(new Uint8Array([1]))
})
const wrong = await dialler
  .dial(at('tls://127.0.0.1:1'), { firstContact: true })
  .catch((error: { readonly code?: string }) => error.code)
await Promise.all([dialler.close(), listener.close()])
process.stdout.write(`${process.version} ${typeof wrong === 'string' ? wrong : 'a link'}\n`)
