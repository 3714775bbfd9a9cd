import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { serve } from '../fleet/fleet-node.ts'

const topic = 'bench'

/** One js-libp2p node of the broadcast benchmark: gossipsub as it comes, which signs, over TCP, Noise and Yamux. */
serve(async (contacts, take) => {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // As it comes it refuses more than five dials a second from one host, which all of them share here.
    connectionManager: { inboundConnectionThreshold: 1_000 },
    services: { identify: identify(), pubsub: gossipsub() },
  })
  const { pubsub } = node.services
  pubsub.addEventListener('message', ({ detail }) => take(detail.data))
  pubsub.subscribe(topic)
  for (const contact of contacts) await node.dial(multiaddr(contact))
  // Publishing fails until a subscriber is known.
  while (contacts.length > 0 && pubsub.getSubscribers(topic).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    contact: String(node.getMultiaddrs()[0]),
    publish: (payload) => {
      pubsub
        .publish(topic, payload)
        .catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
    },
  }
})
