import { createIdentity } from '@kithnet/identity'
import { epochMs, seededRng, toHex, utf8 } from '@kithnet/kernel'
import { type ElraRecord, type MetadataValue, uuid7Source } from '@kithnet/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chainMetadata } from '../src/author/author-chain.ts'
import { signDraft } from '../src/author/draft.ts'
import { memoryRecords } from '../src/stores/memory-records.ts'
import { mergeRecords } from '../src/sync/merge-records.ts'
import { openRecords } from '../src/open-records.ts'
import type { Records } from '../src/records.ts'

const startMs = 1_770_000_000_000
const authors = [1, 2, 3].map((seed) => createIdentity(new Uint8Array(32).fill(seed)))

/**
 * Records of three authors over each other: forks, merges, the same content twice, and, by the last author, two records at
 * one place of its chain, and two with one id.
 */
async function graphOf(seed: number): Promise<readonly ElraRecord[]> {
  const rng = seededRng(seed)
  const ids = uuid7Source(rng.fork('ids'))
  const made: ElraRecord[] = []
  for (let index = 0; index < 24; index++) {
    const isFork = index % 8 >= 6
    const isTwin = index === 20
    const before = isTwin ? made[19]! : undefined
    const parents = [...new Set([0, 1].flatMap(() => made[rng.below(made.length + 1)]?.id ?? []))]
    const draft = {
      content: utf8(`content ${isTwin ? 19 % 9 : index % 9}`),
      id: before?.id ?? ids.next(epochMs(startMs)),
      timestamp: startMs / 1000 + index,
      parents: before?.parents ?? parents,
      metadata: new Map<string, MetadataValue>(isFork ? forked : []),
    }
    // The twin is its author's own, so that both together are proof.
    const author = authors[isFork ? 2 : isTwin || index === 19 ? 1 : rng.below(2)]!
    made.push(await signDraft(draft, author))
  }
  return made
}

const forked = chainMetadata({ stream: 'ab'.repeat(16), seq: 0, prev: undefined })

function host(): { wall: () => ReturnType<typeof epochMs>; rng: ReturnType<typeof seededRng> } {
  return { wall: () => epochMs(startMs + 1_000_000), rng: seededRng('host') }
}

/** A fresh store with those of the records that a number's bits name: some will wait for parents. */
async function storeOf(all: readonly ElraRecord[], bits: number): Promise<Records> {
  const records = await openRecords({ store: memoryRecords(), host: host() })
  await records.insertMany(all.filter((_, index) => (bits >> index) & 1))
  return records
}

/** What the laws are about: ids, tips, conflicts, and who is convicted. */
function stateOf(records: Records): unknown {
  const { graph } = records
  return {
    ids: [...graph.ids()].toSorted(),
    tips: graph.tips().toSorted(),
    conflicts: [...graph.conflicts()]
      .map(({ contentHash, ids }) => `${toHex(contentHash)} ${ids.toSorted().join()}`)
      .toSorted(),
    equivocators: records.equivocators,
  }
}

const bits = fc.nat(2 ** 24 - 1)

test('merging is commutative, associative and idempotent, with orphans, conflicts and equivocation', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(3), bits, bits, bits, async (seed, a, b, c) => {
      const all = await graphs[seed]!
      const [oneA, oneB] = [await storeOf(all, a), await storeOf(all, b)]
      await mergeRecords(oneA, oneB)
      const merged = stateOf(oneA)
      expect(stateOf(oneB)).toEqual(merged)

      const [otherA, otherB] = [await storeOf(all, a), await storeOf(all, b)]
      await mergeRecords(otherB, otherA)
      expect(stateOf(otherA)).toEqual(merged)

      expect(await mergeRecords(oneA, oneB)).toEqual(nothing)
      expect(await mergeRecords(oneA, await storeOf(all, a))).toMatchObject({
        toFirst: { items: 0 },
      })
      expect(stateOf(oneA)).toEqual(merged)

      const oneC = await storeOf(all, c)
      await mergeRecords(oneA, oneC)
      const [thirdB, thirdC] = [await storeOf(all, b), await storeOf(all, c)]
      await mergeRecords(thirdB, thirdC)
      await mergeRecords(otherA, thirdB)
      const lastA = await storeOf(all, a)
      await mergeRecords(lastA, thirdC)
      expect(stateOf(lastA)).toEqual(stateOf(oneC))
    }),
    { numRuns: 8 },
  )
})

const graphs = [1, 2, 3, 4].map(graphOf)
const none = { items: 0, bytes: 0, refused: 0 }
const nothing = { toFirst: none, toSecond: none }
