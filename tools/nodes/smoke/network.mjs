// Two nodes meet, and a signed message arrives, on whatever links this Node has.
import assert from 'node:assert/strict'
import { createNode } from 'kithnet'

const alice = await createNode({ network: 'smoke' })
const bob = await createNode({ join: alice.ticket() })
const inbox = bob.topic('news').messages()
const { peers } = await alice.topic('news').publish({ text: 'hello', half: 0.5 })
assert.equal(peers, 1)
const { value } = await inbox.next()
assert.equal(value.author, alice.id)
assert.deepEqual({ ...value.value }, { text: 'hello', half: 0.5 })
assert.match(bob.connections()[0].suite, /MLKEM768/)
await bob.close()
await alice.close()
