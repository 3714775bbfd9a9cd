import { createContent, createContentDecoder, memorySource } from '@kithnet/fountain'
import { after, instant, seededRng, toHex } from '@kithnet/kernel'
import {
  answerChallenge,
  Census,
  decodePossession,
  encodePossession,
  planRepairs,
  PossessionAudit,
} from '@kithnet/holonomic'
import type { PeerId } from '@kithnet/types'
import { expect, it } from 'vitest'
import { actor, actors } from './actors.ts'

it('what the census finds missing is made anew, proven and rebuilds the content', async () => {
  const bytes = seededRng('film').bytes(20_000)
  const content = await createContent(memorySource(bytes))
  const id = toHex(content.id)
  const keeper = actor('publisher').peer
  const peers = actors(30, 'keeper').map(({ peer }) => peer)
  const symbolOf = async (share: number) => {
    for await (const symbol of content.symbols([share])) return symbol
    throw new Error('a share has symbols')
  }
  const audit = new PossessionAudit(keeper, seededRng('nonces'))
  const census = new Census()

  /** Asks a holder for a share that it has, over bytes as they travel. */
  const prove = async (holder: PeerId, share: number): Promise<void> => {
    const symbol = await symbolOf(share)
    const [sent] = audit.on(
      {
        type: 'audit',
        holder,
        author: keeper,
        content: id,
        id: symbol.id,
        against: { bytes: symbol.bytes },
      },
      instant(0),
    )
    if (sent?.type !== 'send') throw new Error('nothing was asked')
    const asked = decodePossession(encodePossession(sent.message))
    if (!asked.ok || asked.value.type !== 'challenge') throw new Error('no challenge came')
    const answer = answerChallenge(asked.value, { challenger: keeper, holder }, symbol.bytes)
    for (const effect of audit.on(
      { type: 'received', from: holder, message: answer },
      instant(9),
    )) {
      if (effect.type !== 'emit' || effect.output.type !== 'proven') continue
      const { output } = effect
      expect(output.until).toBe(after(instant(9), 600_000))
      census.proven(output.holder, output.id.symbol, output.until)
    }
  }

  // Of 26 shares twelve are left, on twelve peers: too few to rebuild.
  for (let share = 0; share < 12; share++) await prove(peers[share]!, share)
  const view = census.view(instant(10))
  expect(view.holdersByShare.size).toBe(12)
  const repairs = planRepairs(id, view, content.manifest, [keeper], peers)
  expect(repairs).toHaveLength(14)
  expect(repairs.every(({ share }) => share >= 20 && share < content.manifest.shares)).toBe(true)
  for (const { share, keeper: holder } of repairs) await prove(holder, share)
  const healed = census.view(instant(10))
  expect(healed.holdersByShare.size).toBe(26)
  expect(healed.sharesByHolder.size).toBe(26)

  const decoder = createContentDecoder(content.manifest)
  if (!decoder.ok) throw new Error(decoder.fault.code)
  for (const share of healed.holdersByShare.keys()) {
    expect(decoder.value.add(await symbolOf(share)).ok).toBe(true)
  }
  expect(decoder.value.bytes()).toEqual(bytes)
})
