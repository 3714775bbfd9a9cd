import { createIdentity, type Identity } from '@kithnet/identity'
import { epochMs, seededRng, utf8 } from '@kithnet/kernel'
import { identityHash } from '@kithnet/wire'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type KeyStatement,
  keyMetadata,
  keyStanding,
  memoryRecords,
  openRecords,
  type Records,
} from '@kithnet/dag'

const [alice, spare, heir, thief] = [1, 2, 3, 4].map((fill) =>
  createIdentity(new Uint8Array(32).fill(fill)),
) as [Identity, Identity, Identity, Identity]
const nameOf = ({ publicKey }: Identity): string => identityHash(publicKey)

let records: Records
let count = 0
beforeEach(async () => {
  let now = 1_770_000_000_000
  const host = { wall: () => epochMs((now += 1_000)), rng: seededRng('keys') }
  records = await openRecords({ store: memoryRecords(), host })
})

async function write(
  by: Identity,
  parents: readonly string[],
  statement?: KeyStatement,
): Promise<string> {
  const metadata = new Map(statement === undefined ? [] : keyMetadata(statement))
  return (await records.merge(parents, { content: utf8(`${count++}`), metadata }, by)).id
}

describe('a key', () => {
  it('is good before its end, and at it, and ended after', async () => {
    const before = await write(alice, [])
    const end = await write(alice, [before], { type: 'key-end' })
    const after = await write(alice, [end])
    const beside = await write(alice, [before])
    expect(await keyStanding(records, before)).toEqual({
      standing: 'good',
      endedBy: undefined,
      successors: [],
    })
    expect((await keyStanding(records, end))?.standing).toBe('good')
    expect(await keyStanding(records, after)).toMatchObject({ standing: 'ended', endedBy: end })
    expect(await keyStanding(records, beside)).toMatchObject({ standing: 'disputed', endedBy: end })
    expect(await keyStanding(records, 'nobody')).toBeUndefined()
  })

  it('is ended by the recovery key that it named, and by no other', async () => {
    const named = await write(alice, [], { type: 'key-recovery', key: nameOf(spare) })
    const wrong = await write(thief, [named], { type: 'key-end', key: nameOf(alice) })
    const still = await write(alice, [wrong])
    const end = await write(spare, [still], { type: 'key-end', key: nameOf(alice) })
    const after = await write(alice, [end])
    expect((await keyStanding(records, still))?.standing).toBe('good')
    expect(await keyStanding(records, after)).toMatchObject({ standing: 'ended', endedBy: end })
    expect((await keyStanding(records, end))?.standing).toBe('good')
  })

  it('goes on as another when both said so, and not after its end', async () => {
    const named = await write(alice, [], { type: 'key-successor', key: nameOf(heir) })
    expect((await keyStanding(records, named))?.successors).toEqual([])
    const early = await write(thief, [], { type: 'key-predecessor', key: nameOf(alice) })
    const taken = await write(heir, [named], { type: 'key-predecessor', key: nameOf(alice) })
    const end = await write(alice, [taken, early], { type: 'key-end' })
    const late = await write(alice, [end], { type: 'key-successor', key: nameOf(thief) })
    await write(thief, [late], { type: 'key-predecessor', key: nameOf(alice) })
    expect((await keyStanding(records, named))?.successors).toEqual([nameOf(heir)])
  })

  it('is not spoken of by statements that are malformed', async () => {
    const first = await write(alice, [])
    const odd = await records.merge(
      [first],
      {
        content: utf8('odd'),
        metadata: new Map([
          ['type', 'key-recovery'],
          ['key', 'x'],
        ]),
      },
      alice,
    )
    const after = await write(alice, [odd.id])
    expect((await keyStanding(records, after))?.standing).toBe('good')
  })
})
