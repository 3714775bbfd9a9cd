import { createIdentity } from '@kithnet/identity'
import { describe, it } from 'vitest'
import { transportSuite } from '../../src/suite.ts'
import { tlsAvailable, tlsTransport } from '../../src/tls/index.ts'
import { at, relayTo } from './tcp-relay.ts'

describe.skipIf(!tlsAvailable())('tls', () => {
  transportSuite(it, {
    create: ({ network, limits }) => {
      const identity = createIdentity()
      const transport = tlsTransport({ identity, network, limits })
      return Promise.resolve({ transport, peer: identity.peer })
    },
    listenOn: at('tls://127.0.0.1:0'),
    nobody: at('tls://127.0.0.1:1'),
    relay: relayTo,
  })
})
