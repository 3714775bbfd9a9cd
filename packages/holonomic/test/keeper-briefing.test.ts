import { encodeManifest } from '@kithnet/fountain'
import { epochMs, instant } from '@kithnet/kernel'
import { expect, it } from 'vitest'
import { refText } from '../src/content/content-ref.ts'
import { type BriefingOptions, KeeperBriefing } from '../src/content/keeper-briefing.ts'
import type { KeeperEvent } from '../src/content/keeper-events.ts'
import { network, noon } from './actors.ts'
import { filmOf, peerOf } from './keeper-world.ts'

const [self, author] = [peerOf('self'), peerOf('author')]
const { ref, manifest } = await filmOf(author, 'film')
const slot = refText(ref)
const nothing: Disposable = { [Symbol.dispose]: () => {} }

/** A node that has a share of a content to which its author consents, as it starts. */
async function started({ isDeclined = false, isAdmitted = true } = {}) {
  const events: KeeperEvent[] = []
  const dropped: string[] = []
  let ready: () => void = () => {}
  const said = {
    publication: { slot, statement: { ...ref, manifest, manifestBytes: encodeManifest(manifest) } },
    consent: { slot, statement: { network, ...ref, at: noon, windowMs: 1e9 } },
  }
  const statements = {
    fresh: false,
    ready: new Promise<void>((resolve) => (ready = resolve)),
    all: () => [said.publication],
    get: (kind: keyof typeof said) => said[kind],
    on: () => nothing,
  }
  const host = {
    self,
    network,
    signal: new AbortController().signal,
    now: () => instant(0),
    wall: () => epochMs(noon),
    timer: () => nothing,
    onNeighbour: () => nothing,
  }
  const trust = { check: () => ({ ok: isAdmitted }), keepers: () => [], on: () => nothing }
  const options = {
    part: { host, statements, trust, options: {} },
    store: {
      bytes: 0,
      refs: () => [ref],
      sharesOf: () => [3],
      dropAll: async () => void dropped.push(slot),
    },
    memory: { isDeclined: () => isDeclined, censusOf: async () => undefined },
    requests: {},
    feed: (event: KeeperEvent) => void events.push(event),
    failed: (error: unknown) => expect.unreachable(String(error)),
  } as unknown as BriefingOptions
  const briefing = new KeeperBriefing(options)
  await briefing.begin()
  return {
    dropped,
    types: () => events.map(({ type }) => type),
    declined: () => events.filter((event) => event.type === 'declined'),
    compared: async () => {
      statements.fresh = true
      ready()
      await statements.ready
    },
  }
}

it('what the user wants none of is gone after a crash that came before its deletion', async () => {
  const { dropped, types } = await started({ isDeclined: true })
  expect(dropped).toEqual([slot])
  expect(types()).not.toContain('held')
})

it('an author who is not admitted by what is on disk may have been let in again meanwhile', async () => {
  const { dropped, types, declined, compared } = await started({ isAdmitted: false })
  expect([dropped, declined()]).toEqual([[], []])
  expect(types()).toContain('held')
  await compared()
  // It is let go of before anything is served.
  expect(declined()).toEqual([{ type: 'declined', ref, isDeclined: true }])
  expect(types().indexOf('declined')).toBeLessThan(types().indexOf('fresh'))
})

it('nothing is let go of when its author is admitted and its user wants it', async () => {
  const { dropped, declined, compared } = await started()
  await compared()
  expect([dropped, declined()]).toEqual([[], []])
})
