import { address, networkId, peerIdOf } from '@kithnet/types'
import { expect, it } from 'vitest'
import { MemoryPlace, memoryTransport } from '../src/memory/index.ts'
import { transportSuite } from '../src/suite.ts'

let people = 0

function somebody(): {
  readonly peer: ReturnType<typeof peerIdOf>
  readonly publicKey: Uint8Array
} {
  const publicKey = new Uint8Array(1952)
  new DataView(publicKey.buffer).setUint32(0, ++people)
  return { publicKey, peer: peerIdOf(publicKey) }
}

function parsed(text: string): import('@kithnet/types').Address {
  const result = address(text)
  if (!result.ok) throw new Error(text)
  return result.value
}

transportSuite(it, {
  create: ({ network, limits }) => {
    const identity = somebody()
    const transport = memoryTransport({ identity, network, limits })
    return Promise.resolve({ transport, peer: identity.peer })
  },
  listenOn: parsed('memory://any'),
  nobody: parsed('memory://nobody'),
})

it('keeps places apart', async () => {
  const network = networkId('places')
  const here = memoryTransport({ identity: somebody(), network, place: new MemoryPlace() })
  const there = memoryTransport({ identity: somebody(), network, place: new MemoryPlace() })
  await here.listen(parsed('memory://door'), () => {})
  await expect(there.dial(parsed('memory://door'), { firstContact: true })).rejects.toThrow(
    'Nobody in this process listens on memory://door',
  )
  await Promise.all([here.close(), there.close()])
})
