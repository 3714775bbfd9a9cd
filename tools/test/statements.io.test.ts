import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  encodeConsent,
  encodePledge,
  holonomic,
  type HolonomicOptions,
  type Statements,
} from '@kithnet/holonomic'
import { createIdentity, type Identity } from '@kithnet/identity'
import { epochMs } from '@kithnet/kernel'
import { createNode } from '@kithnet/runtime'
import { memoryStore, openStore } from '@kithnet/store'
import { networkId, type PeerId, type Service, type ServiceHost, type Store } from '@kithnet/types'
import { afterEach, expect, test, vi } from 'vitest'

/** Statements and trust over real links and real signatures, through nodes of this process. */
type Member = Awaited<ReturnType<typeof member>>

const network = networkId('kithnet')
const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

interface MemberOptions extends Partial<HolonomicOptions> {
  readonly roots: readonly PeerId[]
  readonly friend?: { ticket(): string }
  readonly store?: Store
}

async function member({ friend, store, ...options }: MemberOptions) {
  const identity = options.identity ?? createIdentity()
  const node = await createNode({
    preset: 'local',
    services: [holonomic({ syncIntervalMs: 1_000, ...options, identity })],
    identity,
    ...(store === undefined ? {} : { store }),
    ...(friend === undefined ? {} : { join: friend.ticket() }),
  })
  open.push(node)
  return Object.assign(node, { identity, statements: node.holonomic.statements })
}

/** Three nodes that trust the first, which has let the others in. */
async function three(keepBytes = 0): Promise<readonly [Member, Member, Member]> {
  const identity = createIdentity()
  const roots = [identity.peer]
  const alice = await member({ identity, roots, keepBytes })
  const bob = await member({ roots, keepBytes, friend: alice })
  const carol = await member({ roots, keepBytes, friend: alice })
  return [alice, bob, carol]
}

const idsOf = (statements: Statements) =>
  (['grant', 'revocation', 'pledge', 'consent', 'publication', 'checkpoint'] as const)
    .flatMap((kind) => statements.all(kind).map(({ id }) => id))
    .toSorted()

const consent = (author: PeerId, windowMs: number, at = Date.now()) =>
  encodeConsent({ network, author, content: 'ab'.repeat(32), at: epochMs(at), windowMs })

const windowAt = ({ statements }: Member, author: PeerId) =>
  statements.get('consent', `${author}/${'ab'.repeat(32)}`)?.statement.windowMs

test('one grant lets a newcomer in at every node that shares a root, and a revocation shuts it out', async () => {
  const all = await three(1_000_000)
  const [alice, bob, carol] = all
  await Promise.all(all.map(({ statements }) => statements.ready))
  expect(all.map(({ statements }) => statements.fresh)).toEqual([true, true, true])
  // A pledge alone makes nobody a keeper; a root is one by itself.
  await vi.waitFor(() => {
    for (const {
      holonomic: { trust },
    } of all)
      expect(trust.keepers()).toEqual([alice.id])
  })
  const before = bob.holonomic.trust.check(carol.id)
  expect(before).toMatchObject({ ok: false, fault: { why: 'empty' } })

  await alice.holonomic.trust.grant(bob.id, { onward: 1 })
  await bob.holonomic.trust.grant(carol.id, { weight: 6_000 })
  const everybody = all.map(({ id }) => id).toSorted()
  await vi.waitFor(() => {
    for (const {
      holonomic: { trust },
    } of all)
      expect(trust.keepers()).toEqual(everybody)
  })
  for (const {
    holonomic: { trust },
  } of all) {
    expect(trust.check(carol.id)).toMatchObject({
      ok: true,
      value: { root: alice.id, distance: 2, trust: 6_000 },
    })
    const checked = trust.check(carol.id)
    expect(checked.ok && checked.value.chain.map(({ signer }) => signer)).toEqual([
      alice.id,
      bob.id,
    ])
  }

  await alice.holonomic.trust.revoke(bob.id)
  await vi.waitFor(() => {
    for (const {
      holonomic: { trust },
    } of all)
      expect(trust.keepers()).toEqual([alice.id])
  })
  expect(carol.holonomic.trust.check(carol.id)).toMatchObject({ fault: { why: 'revoked', at: 0 } })

  await alice.holonomic.trust.grant(bob.id, { onward: 1 })
  await vi.waitFor(() => {
    for (const {
      holonomic: { trust },
    } of all)
      expect(trust.keepers()).toEqual(everybody)
  })
})

test('a node that comes back has what it had, and hears of a withdrawal before it is ready', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'statements-'))
  try {
    const [alice, bob] = await three()
    const identity = createIdentity()
    const roots = [alice.id]
    const path = join(folder, 'dave.db')
    const life = async (): Promise<Member & { readonly file: Store }> => {
      const file = await openStore(path)
      return Object.assign(await member({ identity, roots, friend: alice, store: file }), { file })
    }
    const first = await life()
    await alice.statements.publish('consent', consent(alice.id, 1_000_000))
    await first.holonomic.trust.grant(bob.id)
    await vi.waitFor(() => expect(windowAt(first, alice.id)).toBe(1_000_000))
    const known = idsOf(first.statements)
    open.splice(open.indexOf(first), 1)
    await first.close()
    await first.file.close()

    await alice.statements.publish('consent', consent(alice.id, 0))
    await vi.waitFor(() => expect(windowAt(bob, alice.id)).toBe(0))

    const offline = await openStore(path)
    const alone = await member({ identity, roots, store: offline })
    // It has met nobody yet: it knows what it knew, and is not ready.
    expect(idsOf(alone.statements)).toEqual(known)
    expect(alone.statements.fresh).toBe(false)
    open.splice(open.indexOf(alone), 1)
    await alone.close()
    await offline.close()

    const second = await life()
    const seen: (number | undefined)[] = []
    await second.statements.ready.then(() => seen.push(windowAt(second, alice.id)))
    expect(seen).toEqual([0])
    expect(second.statements.compared.size).toBeGreaterThan(0)
    await vi.waitFor(() => expect(idsOf(second.statements)).toEqual(idsOf(alice.statements)))
    open.splice(open.indexOf(second), 1)
    await second.close()
    await second.file.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('what was said before a node came is compared, and what it says is heard by those that were there', async () => {
  const identity = createIdentity()
  const alice = await member({ identity, roots: [identity.peer] })
  for (let index = 0; index < 40; index++) await alice.holonomic.trust.grant(createIdentity().peer)
  const bob = await member({ roots: [alice.id], friend: alice })
  await bob.statements.ready
  expect(bob.statements.all('grant')).toHaveLength(40)
  const events: string[] = []
  alice.statements.on((event) => events.push(`${event.type} ${event.held.kind}`))
  await bob.holonomic.trust.grant(alice.id)
  await vi.waitFor(() => expect(events).toEqual(['held grant']))
})

test('a store that was damaged loses what is damaged, and gets it again', async () => {
  const identity = createIdentity()
  const alice = await member({ identity, roots: [identity.peer] })
  const store = memoryStore()
  const bobs = createIdentity()
  const first = await member({ identity: bobs, roots: [alice.id], friend: alice, store })
  await alice.holonomic.trust.grant(first.id)
  await vi.waitFor(() => expect(first.holonomic.trust.check(first.id).ok).toBe(true))
  open.splice(open.indexOf(first), 1)
  await first.close()
  const [entry] = await store.scan('holonomic/statements/1', { limit: 1 })
  const value = entry!.value.map((byte, index) => (index === 40 ? byte ^ 1 : byte))
  await store.write([{ space: 'holonomic/statements/1', key: entry!.key, value }])
  const alone = await member({ identity: bobs, roots: [alice.id], store })
  expect(alone.statements.all('grant')).toEqual([])
  expect(await store.scan('holonomic/statements/1', { limit: 9 })).toEqual([])
  open.splice(open.indexOf(alone), 1)
  await alone.close()
  const second = await member({ identity: bobs, roots: [alice.id], friend: alice, store })
  await second.statements.ready
  expect(second.holonomic.trust.check(second.id).ok).toBe(true)
})

test('whoever floods, forges or sends what is no message is avoided, and changes nothing', async () => {
  const identity = createIdentity()
  const alice = await member({ identity, roots: [identity.peer] })
  const vandal = {
    name: 'vandal',
    start: (host: ServiceHost) => ({
      write: async (peer: PeerId, bytes: Uint8Array) =>
        (await host.stream(peer, 'kithnet/statements/1')).send(bytes),
      publish: (bytes: Uint8Array) => host.publish('kithnet/statements/1', bytes),
    }),
  } as const satisfies Service
  const node = await createNode({ preset: 'local', join: alice.ticket(), services: [vandal] })
  open.push(node)
  await node.vandal.write(alice.id, new Uint8Array([0xff, 0xff]))
  await node.vandal.publish(new Uint8Array([0x82, 0x80]))
  const bob = await member({ roots: [alice.id], friend: alice })
  await bob.statements.ready
  await alice.holonomic.trust.grant(bob.id)
  await vi.waitFor(() => expect(bob.holonomic.trust.check(bob.id).ok).toBe(true))
  expect(alice.statements.all('grant')).toHaveLength(1)
})

test('statements from elsewhere are taken for what they are', async () => {
  const identity = createIdentity()
  const alice = await member({ identity, roots: [identity.peer] })
  const stranger: Identity = createIdentity()
  const body = consent(stranger.peer, 500)
  const signed = { body, signature: await stranger.sign('consent', body) }
  const taken = await alice.statements.take('consent', signed, stranger.publicKey)
  expect(taken).toMatchObject({ ok: true, value: { kind: 'consent', signer: stranger.peer } })
  expect(windowAt(alice, stranger.peer)).toBe(500)
  // Signed by another, under another key, or for another domain: not taken.
  const forged = { body, signature: await identity.sign('consent', body) }
  const other = { body, signature: await stranger.sign('grant', body) }
  const later = consent(stranger.peer, 900, Date.now() + 1)
  for (const [one, key] of [
    [forged, stranger.publicKey],
    [forged, identity.publicKey],
    [other, stranger.publicKey],
    [{ body: later, signature: signed.signature }, stranger.publicKey],
  ] as const) {
    expect((await alice.statements.take('consent', one, key)).ok).toBe(false)
  }
  expect(windowAt(alice, stranger.peer)).toBe(500)
  expect(await alice.statements.accuse(new Uint8Array(40))).toBe(false)
  const pledge = { network, peer: alice.id, bytes: 1, at: epochMs(5), expiresAt: epochMs(6) }
  await expect(alice.statements.publish('pledge', encodePledge(pledge))).rejects.toThrow(
    'holonomic/not-taken',
  )
})
