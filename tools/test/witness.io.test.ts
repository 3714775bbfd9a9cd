import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  checkpointKind,
  encodeCheckpoint,
  type Holonomic,
  holonomic,
  setRoot,
  verifyWitnessBundle,
  WitnessLog,
  type WitnessServiceEvent,
} from '@kithnet/holonomic'
import { createIdentity, type Identity } from '@kithnet/identity'
import { epochMs, equalBytes, hasCode, utf8 } from '@kithnet/kernel'
import { createNode, type Node } from '@kithnet/runtime'
import { openStore } from '@kithnet/store'
import type { Store } from '@kithnet/types'
import { afterEach, expect, test, vi } from 'vitest'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

type Peer = Node & { readonly holonomic: Holonomic }

const identities = new Map<number, Identity>()
const identity = (index: number): Identity => {
  const known = identities.get(index) ?? createIdentity(new Uint8Array(32).fill(index + 1))
  identities.set(index, known)
  return known
}

async function peer(index: number, friend?: Peer, store?: Store): Promise<Peer> {
  const made = await createNode({
    identity: identity(index),
    network: 'witness test',
    preset: 'local',
    ...(friend === undefined ? {} : { join: friend.ticket() }),
    ...(store === undefined ? {} : { store }),
    services: [
      holonomic({
        identity: identity(index),
        roots: [identity(0).peer],
        syncIntervalMs: 500,
        witness: { retryMs: 200, checkpointMs: 3_600_000 },
      }),
    ],
  })
  closing.push(() => made.close())
  return made
}

/** All know each other, and trust whom the first has let in. */
async function five(): Promise<readonly Peer[]> {
  const first = await peer(0)
  const others = await Promise.all([1, 2, 3, 4].map((index) => peer(index, first)))
  const all = [first, ...others]
  for (const { id } of others) await first.holonomic.trust.grant(id)
  await vi.waitFor(
    () => {
      for (const one of all) expect(one.holonomic.trust.admitted()).toHaveLength(5)
    },
    { timeout: 25_000 },
  )
  return all
}

const notes = ['notes']
const members = (text: string): Uint8Array[] => text.split('').map((letter) => utf8(letter))
const isShown = (one: Peer, of: Peer, epoch: number, least: number): void => {
  const shown = one.holonomic.witness
    .show(of.id)
    .find(({ checkpoint }) => checkpoint.epoch === epoch)
  expect(shown?.cosigners.length ?? 0).toBeGreaterThanOrEqual(least)
}
const soon = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 25_000, interval: 50 })

test('five nodes: states are cosigned, compared, reconciled and proven; who forks is found out by all', async () => {
  const all = await five()
  const [, anna, ben, cleo, dan] = all as [Peer, Peer, Peer, Peer, Peer]
  await anna.holonomic.witness.commit(notes, members('ab'))
  await soon(() => {
    for (const one of all) isShown(one, anna, 1, 3)
  })
  await ben.holonomic.witness.commit(notes, members('ac'))
  const compared = await ben.holonomic.witness.compare(anna.id, notes)
  expect(compared).toMatchObject({ relation: 'divergent', theirs: { epoch: 1, stateSize: 2 } })
  const difference = await ben.holonomic.witness.reconcile(anna.id, notes)
  expect(difference.missing).toEqual(members('b'))
  expect(difference.extra).toEqual(members('c'))
  await ben.holonomic.witness.commit(notes, members('abc'))
  const back = await anna.holonomic.witness.reconcile(ben.id, notes)
  expect(back.missing).toEqual(members('c'))
  await anna.holonomic.witness.commit(notes, members('cab'))
  const same = await cleo.holonomic.witness.compare(anna.id, notes).catch((error: unknown) => error)
  expect(hasCode(same, 'holonomic/no-state')).toBe(true)
  expect(await anna.holonomic.witness.compare(ben.id, notes)).toMatchObject({
    relation: 'identical',
  })

  await soon(() => isShown(anna, anna, 2, 3))
  const bundle = anna.holonomic.witness.prove(notes, 1)
  const { appointed } = dan.holonomic.witness.show(anna.id)[0]!
  expect(appointed).toHaveLength(4)
  const proven = verifyWitnessBundle(bundle, { appointed, threshold: 3 })
  expect(proven).toMatchObject({ ok: true, value: { state: { epoch: 1, stateSize: 2 } } })
  expect(proven.ok && equalBytes(proven.value.state.stateRoot, setRoot(members('ba')).root)).toBe(
    true,
  )
  const few = verifyWitnessBundle(bundle, { appointed: [], threshold: 3 })
  expect(few).toMatchObject({ ok: false, fault: { code: 'holonomic/not-witnessed', why: 'few' } })

  // Dan tells one state to Anna and another to Ben.
  const heard: WitnessServiceEvent[] = []
  cleo.holonomic.witness.on((event) => heard.push(event))
  for (const [text, victim] of [
    ['one', anna],
    ['other', ben],
  ] as const) {
    const log = new WitnessLog({ network: dan.network, peer: dan.id, namespaces: notes })
    const body = encodeCheckpoint(log.commit(members(text), epochMs(Date.now())).checkpoint)
    const signature = await identity(4).sign(checkpointKind.domain, body)
    const { publicKey } = identity(4)
    const taken = await victim.holonomic.statements.take(
      'checkpoint',
      { body, signature },
      publicKey,
    )
    expect(taken.ok).toBe(true)
  }
  await soon(() => {
    for (const one of all) {
      expect(one.holonomic.witness.show(dan.id).some(({ isForked }) => isForked)).toBe(true)
      expect(one.holonomic.trust.check(dan.id).ok).toBe(false)
    }
  })
  expect(heard).toContainEqual(expect.objectContaining({ type: 'fork', peer: dan.id }))
  const stopped = await dan.holonomic.witness
    .commit(notes, members('more'))
    .catch((error: unknown) => error)
  expect(hasCode(stopped, 'holonomic/log-behind')).toBe(true)
}, 60_000)

test('a restored backup does not fork its log, and a state goes on after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'witness-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const all = await five()
  const [first] = all
  const path = join(folder, 'store.db')
  const backup = join(folder, 'backup.db')
  const run = async <T>(
    file: string,
    job: (node: Peer) => Promise<T>,
    friend: Peer | undefined = first,
  ): Promise<T> => {
    await using store = await openStore(file)
    const node = await peer(5, friend, store)
    try {
      return await job(node)
    } finally {
      await node.close()
    }
  }
  await first!.holonomic.trust.grant(identity(5).peer)
  const commit = (text: string) => (node: Peer) =>
    node.holonomic.witness.commit(notes, members(text))
  expect(await run(path, commit('a'))).toMatchObject({ epoch: 1 })
  copyFileSync(path, backup)
  expect(
    await run(path, async (node) => {
      const checkpoint = await commit('ab')(node)
      await soon(() => isShown(all[2]!, node, 2, 3))
      return checkpoint
    }),
  ).toMatchObject({ epoch: 2 })
  // Its incarnation was restored, too. Two descriptors of one incarnation in one second would be evidence against it.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const refused = await run(backup, commit('ax')).catch((error: unknown) => error)
  expect(refused).toMatchObject({ fault: { code: 'holonomic/log-behind' } })
  expect(await run(path, commit('abc'))).toMatchObject({ epoch: 3, stateSize: 3 })
}, 60_000)
