import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chainMetadata, memoryRecords, type NetworkRecords, records, signDraft } from '@kithnet/dag'
import { tileRecords } from '@kithnet/dag/tiles'
import { createIdentity } from '@kithnet/identity'
import { seededRng, utf8 } from '@kithnet/kernel'
import { createNode } from '@kithnet/runtime'
import type { Service, ServiceHost } from '@kithnet/types'
import type { MetadataValue } from '@kithnet/wire'
import { afterEach, expect, test, vi } from 'vitest'

/** Records over real links, through nodes of this process. */
type Member = Awaited<ReturnType<typeof member>>

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
})

async function member(friend?: { ticket(): string }, syncIntervalMs = 1_000) {
  const identity = createIdentity()
  const store = memoryRecords()
  const service = records({ store, syncIntervalMs })
  const node = await createNode({
    identity,
    preset: 'local',
    services: [service],
    ...(friend === undefined ? {} : { join: friend.ticket() }),
  })
  open.push(node)
  return Object.assign(node, { identity })
}

const draft = (text: string) => ({ content: utf8(text) })
const idsOf = ({ book }: NetworkRecords) => [...book.graph.ids()].toSorted()

async function untilEqual(members: readonly Member[], count: number, timeout = 15_000) {
  await vi.waitFor(
    () => {
      for (const { records: one } of members) {
        expect(one.book.size).toBe(count)
        expect(idsOf(one)).toEqual(idsOf(members[0]!.records))
        expect(one.book.graph.tips().toSorted()).toEqual(
          members[0]!.records.book.graph.tips().toSorted(),
        )
      }
    },
    { timeout, interval: 50 },
  )
}

test('what one writes the other has: by announcement, and what was there before by comparison', async () => {
  const alice = await member()
  const before = await alice.records.book.witness(draft('before'), alice.identity)
  const bob = await member(alice)
  const reports: string[] = []
  bob.records.on((event) => {
    if (event.type === 'synced') reports.push(event.report.form)
  })
  await untilEqual([alice, bob], 1)
  const after = await bob.records.book.witness(draft('after'), bob.identity)
  await untilEqual([alice, bob], 2)
  expect(alice.records.book.graph.parents(after.id)).toEqual([before.id])
  const bytes = await alice.records.book.attest(after.id, alice.identity)
  await vi.waitFor(async () => {
    const words = await bob.records.book.attestations(after.id)
    expect(words.map(({ signature }) => signature)).toEqual([
      (await alice.records.book.attestations(after.id))[0]!.signature,
    ])
  })
  expect(bytes.length).toBeGreaterThan(5_000)
  const report = await alice.records.compare(bob.id)
  expect(report).toMatchObject({ form: 'same', complete: true })
  expect(reports.length).toBeGreaterThan(0)
})

test('a private record stays where it was written', async () => {
  const alice = await member()
  const bob = await member(alice)
  const shown = await alice.records.book.witness(draft('shown'), alice.identity)
  await alice.records.book.witness({ ...draft('hidden'), classification: 1 }, alice.identity)
  await untilEqual([bob], 1)
  expect((await bob.records.compare(alice.id)).form).toBe('same')
  expect(idsOf(bob.records)).toEqual([shown.id])
  expect(alice.records.book.size).toBe(2)
})

test('five nodes end with one set, one frontier and the proof against whoever contradicts itself', async () => {
  const first = await member()
  const members = [first]
  for (let index = 1; index < 5; index++) members.push(await member(first))
  const roots = await Promise.all(
    members.map(({ records: { book }, identity }, index) =>
      book.witness(draft(`root ${index}`), identity),
    ),
  )
  await untilEqual(members, 5)
  for (const [
    index,
    {
      records: { book },
      identity,
    },
  ] of members.entries()) {
    await book.merge(
      roots.map(({ id }) => id),
      draft(`merge ${index}`),
      identity,
    )
  }
  await untilEqual(members, 10)

  const liar = createIdentity()
  const place = { stream: '5f'.repeat(16), seq: 0, prev: undefined }
  const metadata = new Map<string, MetadataValue>(chainMetadata(place))
  const forks = await Promise.all(
    ['yes', 'no'].map((text, index) =>
      signDraft(
        {
          ...draft(text),
          id: `01950f2e-7c1a-7abc-8def-00000000000${index}`,
          timestamp: Date.now() / 1_000,
          parents: [roots[0]!.id],
          metadata,
        },
        liar,
      ),
    ),
  )
  // Given to two nodes that are no neighbours of the liar, as any stranger could.
  await members[1]!.records.book.insert(forks[0]!)
  await members[3]!.records.book.insert(forks[1]!)
  await untilEqual(members, 12)
  await vi.waitFor(() => {
    for (const {
      records: { book },
    } of members)
      expect(book.equivocators).toHaveLength(1)
  })
})

test('who was away catches up with what it lacks, in chunks, and both with what the other has', async () => {
  const alice = await member(undefined, 600_000)
  const rng = seededRng('catching up')
  for (let index = 0; index < 40; index++) {
    const metadata = new Map<string, MetadataValue>([['note', 'x'.repeat(8_000 + rng.below(100))]])
    await alice.records.book.witness({ ...draft(`long ${index}`), metadata }, alice.identity)
  }
  const bob = await member(alice, 600_000)
  await untilEqual([alice, bob], 40)
  // The first answer may be that of the comparison in which all this came.
  const reports = [await bob.records.compare(alice.id), await bob.records.compare(alice.id)]
  expect(reports[1]).toMatchObject({ form: 'same', complete: true })
})

test('a node that comes back with its folder lacks only what was written meanwhile', async () => {
  const alice = await member()
  const folder = mkdtempSync(join(tmpdir(), 'records-'))
  try {
    const first = await alice.records.book.witness(draft('first'), alice.identity)
    for (const [life, count] of [1, 3].entries()) {
      await using store = await tileRecords(folder)
      expect(store.size).toBe(life)
      await using bob = await createNode({
        preset: 'local',
        join: alice.ticket(),
        services: [records({ store, syncIntervalMs: 1_000 })],
      })
      await vi.waitFor(() => expect(bob.records.book.size).toBe(count), { timeout: 10_000 })
      expect(bob.records.book.graph.has(first.id)).toBe(true)
      await bob.close()
      const two = await alice.records.book.witness(draft(`second ${life}`), alice.identity)
      await alice.records.book.merge([two.id], draft(`third ${life}`), alice.identity)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('whoever sends what is no message is not listened to', async () => {
  const alice = await member()
  const rejected: string[] = []
  alice.records.on((event) => {
    if (event.type === 'rejected') rejected.push(event.fault.code)
  })
  const vandal = {
    name: 'vandal',
    start: (host: ServiceHost) => ({
      write: async (peer: typeof host.self, bytes: Uint8Array) =>
        (await host.stream(peer, 'kithnet/records/1')).send(bytes),
    }),
  } as const satisfies Service
  const node = await createNode({ preset: 'local', join: alice.ticket(), services: [vandal] })
  open.push(node)
  await node.vandal.write(alice.id, new Uint8Array([0xff, 0xff]))
  await vi.waitFor(() => expect(rejected).toEqual(['types/cbor-indefinite']))
  // It does not speak this, either: a comparison with it ends with nothing.
  expect(await alice.records.compare(node.id)).toMatchObject({ form: 'none', complete: false })
})
