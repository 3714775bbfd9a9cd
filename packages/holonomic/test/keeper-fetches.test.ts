import { instant, seededRng } from '@kithnet/kernel'
import { expect, it } from 'vitest'
import type { ContentMessage } from '../src/content/content-messages.ts'
import type { KeeperEffect, KeeperEvent } from '../src/content/keeper-events.ts'
import { ContentKeeper } from '../src/content/keeper.ts'
import { filmOf, peerOf, peersOf } from './keeper-world.ts'

const self = peerOf('self')
const author = peerOf('author')
const [holder] = peersOf(1)
const film = await filmOf(author, 'film', 700_000)
const { ref, manifest } = film

type Want = Extract<ContentMessage, { readonly type: 'want' }>

function wantsOf(effects: readonly KeeperEffect[]): readonly Want[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.to === holder && effect.message.type === 'want'
      ? [effect.message]
      : [],
  )
}

it('two reads that ask a holder for the same share, of different lengths, do not make a liar of it', () => {
  const keeper = new ContentKeeper({ self, rng: seededRng('reads') })
  const feed = (event: KeeperEvent): readonly KeeperEffect[] => keeper.on(event, instant(0))
  feed({ type: 'content', ref, manifest, tier: 'full', until: instant(1e6) })
  feed({ type: 'keepers', peers: [self, holder!] })
  feed({ type: 'fresh', isFresh: true })
  feed({ type: 'fetch', token: 1, ref, has: [], toBlock: 1 })
  feed({ type: 'fetch', token: 2, ref, has: [], toBlock: 255 })
  const holding = { type: 'holding', ref, shares: [3], hints: [] } as const
  const wants = wantsOf(feed({ type: 'received', from: holder!, message: holding }))
  expect(wants.map(({ count }) => count > 1).toSorted()).toEqual([false, true])
  const read = new Map<number, number>()
  for (const { share, fromBlock, count } of wants.toSorted((a, b) => b.count - a.count)) {
    const symbols = film.symbols[share]!.slice(fromBlock, fromBlock + count)
    const message = { type: 'symbols', ref, share, fromBlock, symbols, why: undefined } as const
    for (const effect of feed({ type: 'received', from: holder!, message })) {
      if (effect.type !== 'emit') continue
      expect(effect.output.type).toBe('symbols')
      if (effect.output.type !== 'symbols') continue
      const { token } = effect.output
      read.set(token, (read.get(token) ?? 0) + effect.output.symbols.length)
    }
  }
  // Neither gets more than it asked for.
  expect(read.get(1)).toBe(1)
  expect(read.get(2)).toBeGreaterThan(1)
})
