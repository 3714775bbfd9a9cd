// The kernel and the vocabulary do the same on every Node: same seed, same numbers; same value, same bytes.
import assert from 'node:assert/strict'
import { Deadlines, instant, seededRng, toHex } from '@kithnet/kernel'
import { decodeCbor, encodeCbor, networkId, topicId } from '@kithnet/types'

assert.equal(toHex(seededRng(1).bytes(8)), 'd4197117e52d9681')
assert.equal(typeof Deadlines, 'function')
assert.equal(instant(5), 5)

const bytes = encodeCbor({ a: [1, -1, 'x'] }, 'payload')
assert.equal(toHex(bytes), 'a161618301206178')
const decoded = decodeCbor(bytes, 'payload')
assert.ok(decoded.ok)
assert.equal(toHex(encodeCbor(decoded.value, 'payload')), toHex(bytes))
assert.equal(decodeCbor(bytes.subarray(0, 7), 'payload').ok, false)

assert.match(topicId(networkId('smoke'), 'room'), /^[0-9a-f]{64}$/)
