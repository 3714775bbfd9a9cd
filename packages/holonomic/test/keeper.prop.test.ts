import { instant, toHex } from '@kithnet/kernel'
import { machineLaw, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import { hash, type PeerId } from '@kithnet/types'
import { it } from 'vitest'
import { auditTimer } from '../src/retention/possession-audit.ts'
import type { ContentMessage } from '../src/content/content-messages.ts'
import type { KeeperEvent } from '../src/content/keeper-events.ts'
import { ContentKeeper } from '../src/content/keeper.ts'
import { type Film, filmOf, peerOf, peersOf } from './keeper-world.ts'

const self = peerOf('self')
const peers = [...peersOf(5), self]
const films = await Promise.all([0, 1].map((number) => filmOf(self, `film ${number}`)))

function messageOf(kind: number, { ref, symbols }: Film, number: number): ContentMessage {
  const share = number % 60
  const shares = [...new Set([share, share + (number % 3)])]
  const nonce = toHex(hash('trace', Uint8Array.of(number)))
  const why = number % 3 === 0 ? 'busy' : undefined
  switch (kind) {
    case 0:
      return { type: 'ask-holding', ref, shares }
    case 1:
      return { type: 'holding', ref, shares, hints: peers.slice(number % 5) }
    case 2:
      return { type: 'keep', ref, shares }
    case 3:
      return { type: 'kept', ref, shares: number % 2 === 0 ? [] : shares, why }
    case 4:
      return { type: 'want', ref, share, fromBlock: number % 2, count: 1 + (number % 4) }
    case 5: {
      const given = number % 4 === 0 ? [] : (symbols[number % 52] ?? [])
      return { type: 'symbols', ref, share, fromBlock: 0, symbols: given, why }
    }
    case 6:
      return { type: 'gone', ref, shares }
    case 7:
      return { type: 'answer', nonce, proof: new Uint8Array(32) }
    default: {
      const id = { block: number % 2, symbol: share }
      return { type: 'challenge', ...ref, id, nonce, inFull: number % 2 === 0 }
    }
  }
}

function eventOf(
  kind: number,
  film: Film,
  peer: PeerId,
  number: number,
): KeeperEvent | { readonly type: 'fired'; readonly key: string } {
  const { ref, manifest, key } = film
  const share = number % 52
  switch (kind) {
    case 0:
    case 1:
      return { type: 'content', ref, manifest, tier: 'full', until: instant(number * 4_000) }
    case 2:
      return { type: 'keepers', peers: peers.slice(number % 4) }
    case 3:
      return { type: 'fresh', isFresh: number % 8 !== 0 }
    case 4:
      return { type: 'room', bytes: number * 500 - 1_000 }
    case 5:
      return { type: 'held', ref, shares: [share], unsettledMs: 0, proofs: [] }
    case 6:
      return { type: number % 2 === 0 ? 'owned' : 'disowned', ref }
    case 7:
      return { type: 'declined', ref, isDeclined: number % 4 === 0 }
    case 8:
      return { type: 'place', ref }
    case 9:
      return { type: 'survey', ref, token: number }
    case 10:
      return { type: 'fetch', token: number % 5, ref, has: [share], toBlock: 1 + (number % 3) }
    case 11:
      return { type: 'pull', token: number % 5, toBlock: 2 }
    case 12:
      return { type: 'more', token: number % 5, block: number % 300 }
    case 13:
      return { type: 'cancel', token: number % 5 }
    case 14:
      return { type: 'stored', ref, share, isStored: number % 3 !== 0 }
    case 15:
      return { type: 'loaded', token: number % 20, symbols: film.symbols[share]! }
    case 16:
      return { type: 'made', token: number % 20, isMade: number % 2 === 0 }
    case 17:
      return { type: 'linkDown', peer, cause: number % 2 === 0 ? 'reset' : 'unreachable' }
    case 18:
      return { type: 'fired', key: number % 2 === 0 ? key : auditTimer }
    case 19:
      return { type: 'forgotten', ref }
    default:
      return { type: 'received', from: peer, message: messageOf(kind % 9, film, number) }
  }
}

it('a keeper throws on nothing, and does the same for the same events', () => {
  machineLaw(
    (rng) => new ContentKeeper({ self, rng }),
    pairOf(wholeNumber(0, 45), pairOf(wholeNumber(0, 11), wholeNumber(0, 255))).map(
      ([kind, [who, number]]) =>
        eventOf(kind, films[who % 2]!, peers[Math.floor(who / 2)]!, number),
    ),
    () => {},
    { runs: 150, maxEvents: 200 },
  )
})
