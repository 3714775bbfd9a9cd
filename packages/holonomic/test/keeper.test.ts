import { defaultPolicy } from '@kithnet/fountain'
import { instant, type Instant, seededRng } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import type { ContentMessage } from '../src/content/content-messages.ts'
import type { KeeperEffect, KeeperEvent, KeeperOutput } from '../src/content/keeper-events.ts'
import { ContentKeeper } from '../src/content/keeper.ts'
import { shareBytes } from '../src/content/known-content.ts'
import { filmOf, peerOf, peersOf } from './keeper-world.ts'

const self = peerOf('self')
const author = peerOf('author')
const others = peersOf(30)
const film = await filmOf(author, 'film')
const { ref, manifest } = film

/** A keeper that knows one content. */
class Bench {
  readonly keeper = new ContentKeeper({ self, rng: seededRng('bench') })
  now: Instant = instant(0)

  constructor(options: { readonly isFresh?: boolean; readonly room?: number } = {}) {
    const { isFresh = true, room = 1e9 } = options
    this.feed({ type: 'content', ref, manifest, tier: 'full', until: instant(1e6) })
    this.feed({ type: 'keepers', peers: [self, ...others] })
    this.feed({ type: 'room', bytes: room })
    this.feed({ type: 'fresh', isFresh })
  }

  feed(event: KeeperEvent | { readonly type: 'fired'; readonly key: string }): KeeperEffect[] {
    return [...this.keeper.on(event, this.now)]
  }

  hear(from: (typeof others)[number], message: ContentMessage): KeeperEffect[] {
    return this.feed({ type: 'received', from, message })
  }

  /** Holds a share, whole and durable. */
  hold(share: number): void {
    this.feed({ type: 'held', ref, shares: [share] })
  }
}

function sent(effects: readonly KeeperEffect[]): readonly ContentMessage[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
}

function outputs(effects: readonly KeeperEffect[]): readonly KeeperOutput[] {
  return effects.flatMap((effect) => (effect.type === 'emit' ? [effect.output] : []))
}

const want = { type: 'want', ref, share: 3, fromBlock: 0, count: 1 } as const
const keep = { type: 'keep', ref, shares: [3] } as const
const challenge = {
  type: 'challenge',
  ...ref,
  id: { block: 0, symbol: 3 },
  nonce: '00'.repeat(32),
  inFull: true,
} as const

describe('nothing is served or kept', () => {
  it('before statements were compared', () => {
    const bench = new Bench({ isFresh: false })
    bench.hold(3)
    expect(sent(bench.hear(author, want))).toMatchObject([{ symbols: [], why: 'not-yet' }])
    expect(sent(bench.hear(author, keep))).toMatchObject([{ shares: [], why: 'not-yet' }])
    expect(bench.hear(author, challenge)).toEqual([])
    expect(sent(bench.hear(author, { type: 'ask-holding', ref, shares: [] }))).toEqual([])
    const fetch = { type: 'fetch', token: 1, ref, has: [], toBlock: 1 } as const
    expect(outputs(bench.feed(fetch))).toMatchObject([{ type: 'failed', why: 'not-fresh' }])
  })

  it('without a consent, nor when one has run out and nothing was said since', () => {
    const bench = new Bench()
    bench.hold(3)
    const other = { author, content: '00'.repeat(32) }
    expect(sent(bench.hear(author, { ...want, ref: other }))).toMatchObject([
      { symbols: [], why: 'not-allowed' },
    ])
    expect(sent(bench.hear(author, { ...keep, ref: other }))).toMatchObject([
      { shares: [], why: 'not-allowed' },
    ])
    bench.now = instant(1e6)
    expect(sent(bench.hear(author, want))).toMatchObject([{ symbols: [], why: 'not-allowed' }])
    expect(sent(bench.hear(author, challenge))).toMatchObject([{ type: 'gone' }])
    bench.feed({ type: 'content', ref, manifest, tier: 'source', until: instant(2e6) })
    expect(outputs(bench.hear(author, want))).toMatchObject([{ type: 'load', share: 3 }])
  })

  it('when the consent ends while it is read from the disk', () => {
    const bench = new Bench()
    bench.hold(3)
    const [load] = outputs(bench.hear(author, want))
    expect(outputs(bench.feed({ type: 'forgotten', ref }))).toEqual([
      { type: 'drop', ref, shares: [3] },
    ])
    if (load?.type !== 'load') throw new Error('nothing is read')
    const symbols = film.symbols[3]!.slice(0, 1)
    expect(sent(bench.feed({ type: 'loaded', token: load.token, symbols }))).toMatchObject([
      { symbols: [], why: 'not-allowed' },
    ])
  })

  it('when the store has what nobody allows any more', () => {
    const bench = new Bench()
    bench.feed({ type: 'forgotten', ref })
    const held = { type: 'held', ref, shares: [1, 2] } as const
    expect(outputs(bench.feed(held))).toEqual([{ type: 'drop', ref, shares: [1, 2] }])
  })
})

describe('a keeper that is asked to keep', () => {
  it('does it for the author and for keepers, as far as there is room', () => {
    const bench = new Bench({ room: 2 * shareBytes(manifest) })
    expect(sent(bench.hear(peerOf('nobody'), keep))).toMatchObject([
      { shares: [], why: 'not-allowed' },
    ])
    expect(sent(bench.hear(author, { ...keep, shares: [1, 2, 3] }))).toMatchObject([
      { type: 'kept', shares: [1, 2] },
      { type: 'want', share: 1 },
      { type: 'want', share: 2 },
    ])
    expect(sent(bench.hear(others[0]!, keep))).toMatchObject([{ shares: [], why: 'no-room' }])
  })

  it('takes no more than some times its part, whoever asks how often', () => {
    const bench = new Bench()
    const all = Array.from({ length: 1_024 }, (_, share) => share)
    let taken = 0
    for (const from of [author, ...others]) {
      for (const message of sent(bench.hear(from, { ...keep, shares: all }))) {
        if (message.type === 'kept') taken += message.shares.length
      }
    }
    expect(taken).toBe(4)
  })

  it('gives up what does not come, and has room again', () => {
    const bench = new Bench({ room: shareBytes(manifest) })
    const armed = bench.hear(others[0]!, keep).find((effect) => effect.type === 'arm')
    if (armed?.type !== 'arm') throw new Error('nothing is waited for')
    expect(sent(bench.hear(author, keep))).toMatchObject([{ why: 'busy' }])
    const another = { ...keep, shares: [4] }
    expect(sent(bench.hear(author, another))).toMatchObject([{ why: 'no-room' }])
    bench.now = armed.at
    expect(outputs(bench.feed({ type: 'fired', key: armed.key }))).toEqual([
      { type: 'drop', ref, shares: [3] },
    ])
    expect(sent(bench.hear(author, keep))).toMatchObject([{ shares: [3] }, { type: 'want' }])
  })

  it('does not keep what is no symbol of the content, nor listens to who sent it', () => {
    const bench = new Bench()
    bench.hear(others[0]!, keep)
    const symbols = film.symbols[4]!.map(({ bytes, proof }) => ({
      id: { block: 0, symbol: 3 },
      bytes,
      proof,
    }))
    const given = { type: 'symbols', ref, share: 3, fromBlock: 0, symbols, why: undefined } as const
    const effects = bench.hear(others[0]!, given)
    expect(outputs(effects)).toMatchObject([
      { type: 'reject', from: others[0], fault: { code: 'holonomic/bad-symbol', share: 3 } },
      { type: 'drop', shares: [3] },
    ])
    expect(sent(bench.hear(others[0]!, keep))).toMatchObject([{ why: 'not-allowed' }])
    const right = { ...given, symbols: film.symbols[3]! }
    bench.hear(author, keep)
    expect(outputs(bench.hear(author, right))).toMatchObject([{ type: 'store', isLast: true }])
  })
})

describe('a flood of requests', () => {
  it('of one peer is answered so far, and reads no more than so much at once', () => {
    const bench = new Bench()
    bench.hold(3)
    let loads = 0
    let answers = 0
    for (let count = 0; count < 10_000; count++) {
      const effects = bench.hear(others[0]!, want)
      loads += outputs(effects).length
      answers += sent(effects).length
    }
    expect(loads).toBe(64)
    expect(answers).toBe(2_000 - 64)
    // Another is served meanwhile.
    expect(outputs(bench.hear(others[1]!, want))).toMatchObject([{ type: 'load' }])
  })

  it('for proofs is read no faster', () => {
    const bench = new Bench()
    bench.hold(3)
    let loads = 0
    for (let count = 0; count < 1_000; count++) {
      loads += outputs(bench.hear(others[0]!, challenge)).length
    }
    expect(loads).toBe(64)
  })
})

describe('numbers that the policy gives', () => {
  it('are those of the manifest', () => {
    expect(manifest.policy).toEqual(defaultPolicy)
    expect(manifest.shares).toBe(52)
  })
})
