/** A process that is one node with a store, to be killed and started again. */
import { createIdentity } from '@kithnet/identity'
import { createNode } from '@kithnet/runtime'
import { loadIncarnation, openStore } from '@kithnet/store'

const [path, ticket] = process.argv.slice(2)
const store = await openStore(path!)
// The same root in every life: it is the same peer.
const identity = createIdentity(new Uint8Array(32).fill(9))
const node = await createNode({
  network: 'test',
  preset: 'local',
  identity,
  store,
  join: ticket!,
})
process.on('message', () => {
  void loadIncarnation(store).then((incarnation) => process.send?.({ incarnation }))
})
process.once('disconnect', () => process.exit())
process.send?.({ peer: node.id })
