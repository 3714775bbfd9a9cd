import { encodeConsent, encodeGrant, encodePledge } from '@kithnet/holonomic'
import { createIdentity, type Identity } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, fromHex, toHex } from '@kithnet/kernel'
import type { Change, Entry, PeerId, Range, ServiceHost, Store } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { parcelOf } from '../src/statements/comparison.ts'
import type { AnyHeld, BookEvent } from '../src/statements/held.ts'
import { type BookBounds, StatementBook } from '../src/statements/statement-book.ts'
import { StatementIntake } from '../src/statements/statement-intake.ts'
import { readItem, verifyItemSync } from '../src/statements/statement-item.ts'
import type { SignedStatementKind } from '../src/statements/statement-kinds.ts'
import { contentOf, hourMs, network, noon } from './actors.ts'
import { checkpointBody } from './checkpoints.ts'

const [self, author] = [createIdentity(), createIdentity()]

async function made(by: Identity, kind: SignedStatementKind, body: Uint8Array): Promise<AnyHeld> {
  const claimed = readItem({ kind, body, signature: await by.sign(kind, body) })
  const held = claimed.ok ? verifyItemSync(claimed.value, by.publicKey) : claimed
  if (!held.ok) throw new Error(held.fault.code)
  return held.value
}

const consent = (windowMs: number, at: number = noon, name = 'a'): Promise<AnyHeld> =>
  made(
    author,
    'consent',
    encodeConsent({
      network,
      author: author.peer,
      content: contentOf(name),
      at: epochMs(at),
      windowMs,
    }),
  )

/** A disk in memory, whose writes can be made to wait or fail. */
class Disk implements Pick<Store, 'get' | 'scan' | 'write'> {
  /** What a write waits for. */
  gate: () => Promise<void> = () => Promise.resolve()
  writes = 0
  readonly #values = new Map<string, Uint8Array>()

  get(space: string, key: Uint8Array): Promise<Bytes | undefined> {
    const value = this.#values.get(`${space} ${toHex(key)}`)
    return Promise.resolve(value === undefined ? undefined : value.slice())
  }

  scan(space: string, { from, limit }: Range): Promise<readonly Entry[]> {
    const first = `${space} ${toHex(from ?? new Uint8Array(0))}`
    const names = [...this.#values.keys()].filter((name) => name.startsWith(`${space} `)).sort()
    const found = names.filter((name) => name >= first).slice(0, limit)
    return Promise.resolve(
      found.map((name) => ({
        key: fromHex(name.slice(space.length + 1))!,
        value: this.#values.get(name)!.slice(),
      })),
    )
  }

  async write(changes: readonly Change[]): Promise<void> {
    await this.gate()
    this.writes++
    for (const { space, key, value } of changes) {
      const name = `${space} ${toHex(key)}`
      if (value === undefined) this.#values.delete(name)
      else this.#values.set(name, value.slice())
    }
  }
}

/** An intake over a disk, and what it told. */
function intakeOver(
  disk: Disk,
  wall = noon,
  bounds: Partial<BookBounds> = {},
  trusts: (book: StatementBook) => (peer: PeerId) => boolean = () => () => true,
) {
  const events: BookEvent[] = []
  const found: string[] = []
  const clock: { wall: EpochMs } = { wall }
  const book: StatementBook = new StatementBook({
    self: self.peer,
    network,
    bounds,
    trusts: (peer) => trusts(book)(peer),
  })
  const host = { store: disk, wall: () => epochMs(clock.wall) } as unknown as ServiceHost
  const intake = new StatementIntake({
    host,
    book,
    changed: (some) => events.push(...some),
    found: (id) => found.push(id),
  })
  return { intake, book, events, found, clock }
}

const idsOnDisk = async (disk: Disk): Promise<readonly string[]> =>
  (await disk.scan('holonomic/statements/1', { limit: 99 })).map(({ key }) => toHex(key))

describe('a statement', () => {
  it('is on disk before anybody is told of it, and before it is in the book', async () => {
    const disk = new Disk()
    const { intake, book, events } = intakeOver(disk)
    let open = (): void => {}
    const opened = new Promise<void>((resolve) => (open = resolve))
    disk.gate = () => opened
    const held = await consent(hourMs)
    const taking = intake.take(parcelOf([held]))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect([book.size, events.length, disk.writes]).toEqual([0, 0, 0])
    open()
    expect(await taking).toEqual({ forged: 0, known: [], stored: [held.id] })
    expect(events).toEqual([{ type: 'held', held }])
    expect(await idsOnDisk(disk)).toEqual([held.id])
  })

  it('is nowhere when the disk fails, and may be given again', async () => {
    const disk = new Disk()
    const { intake, book, events } = intakeOver(disk)
    const held = await consent(hourMs)
    disk.gate = () => Promise.reject(new Error('full'))
    await expect(intake.take(parcelOf([held]))).rejects.toThrow('full')
    expect([book.size, events.length]).toEqual([0, 0])
    disk.gate = () => Promise.resolve()
    expect((await intake.take(parcelOf([held]))).stored).toEqual([held.id])
    expect(book.size).toBe(1)
  })

  it('takes the place on disk of the one that it replaces, in whatever order they come', async () => {
    const [old, late] = [await consent(hourMs), await consent(0, noon + 1)]
    for (const parcels of [[[old], [late]], [[late], [old]], [[old, late]], [[late, old]]]) {
      const disk = new Disk()
      const { intake, book } = intakeOver(disk)
      await Promise.all(parcels.map((items) => intake.take(parcelOf(items))))
      expect(book.get('consent', late.slot)).toEqual(late)
      expect(await idsOnDisk(disk)).toEqual([late.id])
    }
  })

  it('comes back after a restart, verified, with what was decided before', async () => {
    const disk = new Disk()
    const first = intakeOver(disk)
    const [old, late] = [await consent(hourMs), await consent(0, noon + 1)]
    // A crash between the write of the later one and the removal of the earlier one leaves both.
    await first.intake.take(parcelOf([old]))
    const [entry] = await disk.scan('holonomic/statements/1', { limit: 1 })
    await first.intake.take(parcelOf([late]))
    await disk.write([{ space: 'holonomic/statements/1', key: entry!.key, value: entry!.value }])
    const second = intakeOver(disk)
    await second.intake.load()
    expect(second.book.get('consent', late.slot)).toEqual(late)
    expect(second.book.size).toBe(1)
    expect(await idsOnDisk(disk)).toEqual([late.id])
    // What is loaded is no news.
    expect(second.events).toEqual([])
  })

  it('that was pushed out does not come back in an older form, after a restart neither', async () => {
    const disk = new Disk()
    const bounds = { statements: 2 }
    const first = intakeOver(disk, noon, bounds)
    const old = await consent(hourMs)
    const withdrawal = await consent(0, noon + 1)
    const [more, last] = [await consent(5, noon + 2, 'b'), await consent(5, noon + 3, 'c')]
    await first.intake.take(parcelOf([withdrawal, more, last]))
    expect(first.book.size).toBe(2)
    for (const { book, intake } of [first, intakeOver(disk)]) {
      if (book !== first.book) await intake.load()
      expect(book.size).toBe(2)
      expect((await intake.take(parcelOf([old]))).stored).toEqual([])
      expect(book.get('consent', old.slot)).toBeUndefined()
    }
  })

  it('of whom others let in is not taken for one of a stranger while it is read before their grants', async () => {
    const disk = new Disk()
    // Whoever was granted something is trusted.
    const trusts = (book: StatementBook) => (peer: PeerId) =>
      [...book.all('grant')].some(({ statement }) => statement.grantee === peer)
    const bounds = { ofStrangers: 1 }
    const first = intakeOver(disk, noon, bounds, trusts)
    const grant = encodeGrant({
      network,
      granter: self.peer,
      grantee: author.peer,
      kind: 'serve',
      weight: 10_000,
      onward: 0,
      issuedAt: noon,
      expiresAt: epochMs(noon + hourMs),
    })
    await first.intake.take(parcelOf([await made(self, 'grant', grant)]))
    const names = 'abcdefghijkl'.split('')
    const withdrawals = await Promise.all(names.map((name) => consent(0, noon, name)))
    await first.intake.take(parcelOf(withdrawals))
    expect(first.book.size).toBe(13)
    for (let restart = 0; restart < 2; restart++) {
      const { intake, book } = intakeOver(disk, noon, bounds, trusts)
      await intake.load()
      expect(book.size).toBe(13)
      expect(await idsOnDisk(disk)).toHaveLength(13)
    }
  })

  it('that was pushed out does not come back when the last of its signer is replaced', async () => {
    const { intake, book, clock } = intakeOver(new Disk(), noon, { statements: 2 })
    const other = createIdentity()
    const expiresAt = epochMs(noon + hourMs)
    const pledge = encodePledge({ network, peer: other.peer, bytes: 5, at: noon, expiresAt })
    const old = await consent(90 * 24 * hourMs)
    const [withdrawal, more] = [await consent(0, noon + 1), await consent(0, noon + 2, 'b')]
    await intake.take(parcelOf([await made(other, 'pledge', pledge), withdrawal, more]))
    expect(book.get('consent', old.slot)).toBeUndefined()
    // There is room again.
    clock.wall = epochMs(noon + 30 * 24 * hourMs)
    await intake.expire()
    await intake.take(parcelOf([await consent(0, noon + 3, 'b')]))
    expect((await intake.take(parcelOf([old]))).stored).toEqual([])
    expect(book.size).toBe(1)
  })

  it('of strangers that are too many for the room that is left now go, and do not come back', async () => {
    const disk = new Disk()
    const first = intakeOver(disk)
    const old = await consent(hourMs, noon, 'c')
    for (const name of ['a', 'b', 'c']) {
      const at = name === 'c' ? noon + 1 : noon + 9
      await first.intake.take(parcelOf([await consent(0, at, name)]))
    }
    for (let restart = 0; restart < 2; restart++) {
      const { intake, book } = intakeOver(disk, noon, { ofStrangers: 2 }, () => () => false)
      await intake.load()
      expect(book.size).toBe(2)
      expect((await intake.take(parcelOf([old]))).stored).toEqual([])
    }
  })

  it('is dropped from a disk where somebody has changed it, or its key', async () => {
    for (const space of ['holonomic/statements/1', 'holonomic/keys/1']) {
      const disk = new Disk()
      await intakeOver(disk).intake.take(parcelOf([await consent(hourMs)]))
      const [entry] = await disk.scan(space, { limit: 1 })
      const value = entry!.value.map((byte, index) => (index === 60 ? byte ^ 1 : byte))
      await disk.write([{ space, key: entry!.key, value }])
      const again = intakeOver(disk)
      await again.intake.load()
      expect(again.book.size).toBe(0)
      expect(await idsOnDisk(disk)).toEqual([])
    }
  })

  it('leaves with its time, from the disk too, and the key with the last of its signer', async () => {
    const disk = new Disk()
    const { intake, events, clock } = intakeOver(disk)
    const expiresAt = epochMs(noon + hourMs)
    const pledge = { network, peer: author.peer, bytes: 5, at: noon, expiresAt }
    const held = await made(author, 'pledge', encodePledge(pledge))
    await intake.take(parcelOf([held]))
    expect(await disk.scan('holonomic/keys/1', { limit: 9 })).toHaveLength(1)
    clock.wall = epochMs(noon + 30 * 24 * hourMs)
    await intake.expire()
    expect(events.at(-1)).toEqual({ type: 'gone', held })
    expect(await idsOnDisk(disk)).toEqual([])
    expect(await disk.scan('holonomic/keys/1', { limit: 9 })).toEqual([])
  })

  it('that excludes another is evidence, on disk with it and told to others', async () => {
    const liar = { peer: author.peer } as Parameters<typeof checkpointBody>[0]
    const two = [
      await made(author, 'checkpoint', checkpointBody(liar, 7, 'one')),
      await made(author, 'checkpoint', checkpointBody(liar, 7, 'other')),
    ]
    for (const parcels of [[two], two.map((one) => [one])]) {
      const disk = new Disk()
      const { intake, book, found } = intakeOver(disk)
      for (const items of parcels) await intake.take(parcelOf(items))
      const [proof] = [...book.all('fork')]
      expect(found).toEqual([proof?.id])
      expect(book.isConvicted(author.peer)).toBe(true)
      expect(await idsOnDisk(disk)).toHaveLength(2)
      const again = intakeOver(disk)
      await again.intake.load()
      expect(again.book.isConvicted(author.peer)).toBe(true)
    }
  })

  it('of this node that would exclude one that came before is not put in: nobody accuses itself', async () => {
    const me = { peer: self.peer } as Parameters<typeof checkpointBody>[0]
    const twin = await made(self, 'checkpoint', checkpointBody(me, 7, 'of a twin'))
    const own = await made(self, 'checkpoint', checkpointBody(me, 7, 'own'))
    const disk = new Disk()
    const { intake, book, found } = intakeOver(disk)
    const [, isIn] = await Promise.all([intake.admit([twin]), intake.state(own)])
    expect([isIn, found, await idsOnDisk(disk)]).toEqual([false, [], [twin.id]])
    expect(book.isConvicted(self.peer)).toBe(false)
    expect(await intake.state(await made(self, 'checkpoint', checkpointBody(me, 8, 'own')))).toBe(
      true,
    )
  })

  it('needs the key of its signer, and no other', async () => {
    const disk = new Disk()
    const { intake, book } = intakeOver(disk)
    const held = await consent(hourMs)
    expect(await intake.take({ keys: [], items: [held] })).toMatchObject({ forged: 1 })
    expect(await intake.take({ keys: [self.publicKey], items: [held] })).toMatchObject({
      forged: 1,
    })
    expect(book.size).toBe(0)
    expect(await idsOnDisk(disk)).toEqual([])
    await intake.take(parcelOf([held]))
    // Once it is known, it need not be given again.
    const more = await consent(hourMs, noon, 'b')
    expect((await intake.take({ keys: [], items: [more] })).stored).toEqual([more.id])
  })
})
