import { epochMs, toHex } from '@kithnet/kernel'
import { createIdentity, decodeRotation, signRotation, verifyRotation } from '@kithnet/identity'
import { encodeCbor, idToBytes } from '@kithnet/types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const previous = createIdentity(new Uint8Array(32).fill(1))
const successor = createIdentity(new Uint8Array(32).fill(2))
const at = epochMs(1_700_000_000_000)
const statement = await signRotation(previous, successor, at)

describe('a rotation', () => {
  it('names the successor and is signed by both keys', async () => {
    const verified = await verifyRotation(statement, previous.publicKey)
    expect(verified).toMatchObject({
      ok: true,
      value: { from: previous.peer, to: successor.peer, at },
    })
    expect(verified.ok && toHex(verified.value.publicKey)).toBe(toHex(successor.publicKey))
  })

  it('is refused when the new key did not agree', async () => {
    // The old key's holder names a stranger's key and invents the acceptance.
    const body = encodeCbor([
      1,
      idToBytes(previous.peer),
      successor.publicKey,
      at,
      new Uint8Array(3309),
    ])
    const forged = { body, signature: await previous.sign('rotation', body) }
    expect(await verifyRotation(forged, previous.publicKey)).toEqual({
      ok: false,
      fault: { code: 'identity/not-accepted' },
    })
  })

  it('is refused when an acceptance is moved to another time or another predecessor', async () => {
    const decoded = decodeRotation(statement.body)
    if (!decoded.ok) return expect.fail('it decodes')
    const { publicKey, acceptance } = decoded.value
    const later = encodeCbor([1, idToBytes(previous.peer), publicKey, at + 1, acceptance])
    const moved = { body: later, signature: await previous.sign('rotation', later) }
    expect(await verifyRotation(moved, previous.publicKey)).toMatchObject({ ok: false })
    const thief = createIdentity(new Uint8Array(32).fill(3))
    const stolen = encodeCbor([1, idToBytes(thief.peer), publicKey, at, acceptance])
    const taken = { body: stolen, signature: await thief.sign('rotation', stolen) }
    expect(await verifyRotation(taken, thief.publicKey)).toMatchObject({
      fault: { code: 'identity/not-accepted' },
    })
  })

  it('is refused under any key but the old one', async () => {
    expect(await verifyRotation(statement, successor.publicKey)).toMatchObject({
      fault: { code: 'identity/wrong-key' },
    })
  })

  it('is refused at every truncation, and no bytes make the decoder throw', () => {
    for (let end = 0; end < statement.body.length; end += 97) {
      expect(decodeRotation(statement.body.subarray(0, end)).ok).toBe(false)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6000 }), (bytes) => !decodeRotation(bytes).ok),
      { numRuns: 50 },
    )
  })
})
