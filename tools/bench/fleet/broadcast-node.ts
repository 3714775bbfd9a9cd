import { createNode } from 'kithnet'
import { Deliveries, serve } from './fleet-node.ts'

/** One Kithnet node of the broadcast benchmark, as a user would write it. */
const deliveries = new Deliveries()
const node = await createNode({ network: 'bench', preset: 'lan' })
const topic = node.topic('bench')
topic.listen(({ value }) => deliveries.take(value as Uint8Array))

serve(
  {
    contact: node.ticket(),
    meet: async ([ticket]) => {
      await node.join(ticket!)
      return node.neighbours.length
    },
    publish: (payload) => {
      topic.publish(payload).catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
    },
    bytesSent: () => node.status().traffic.bytesSent,
  },
  deliveries,
)
