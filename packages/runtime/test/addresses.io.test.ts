import type { OverlayTap } from '@kithnet/runtime'
import { createNode, type Node } from '@kithnet/runtime'
import { decodeMembershipMessage } from '@kithnet/membership'
import { type PeerId } from '@kithnet/types'
import { afterEach, expect, test } from 'vitest'

const open: Node[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

/** Collects whom a node offers to others. */
function tapOf(offers: PeerId[][]): OverlayTap {
  return (_now, _event, effects) => {
    for (const effect of effects) {
      if (effect.type !== 'send' || effect.message.type !== 'membership') continue
      const decoded = decodeMembershipMessage(effect.message.value)
      if (!decoded.ok) continue
      const { value } = decoded
      if (value.type === 'exchange' || value.type === 'exchangeReply') offers.push([...value.peers])
    }
  }
}

test('a neighbour whose address leads nowhere is told to nobody', async () => {
  const offers: PeerId[][] = []
  const make = async (join?: string): Promise<Node> => {
    const tap = tapOf(offers)
    const made = await createNode({
      network: 'test',
      preset: 'local',
      tap,
      ...(join === undefined ? {} : { join }),
    })
    open.push(made)
    return made
  }
  const first = await make()
  // Nobody listens on port 1.
  const liar = await createNode({
    network: 'test',
    preset: 'local',
    advertise: ['tls://127.0.0.1:1'],
    join: first.ticket(),
  })
  open.push(liar)
  const honest = [first]
  for (let count = 0; count < 4; count++) honest.push(await make(first.ticket()))
  const told = (): Set<PeerId> => new Set(offers.flat())
  const known = (): number => honest.filter(({ id }) => told().has(id)).length
  await expect.poll(() => known() >= 3 && offers.length > 40, { timeout: 20_000 }).toBe(true)
  expect(first.neighbours).toContain(liar.id)
  expect(told()).not.toContain(liar.id)
})
