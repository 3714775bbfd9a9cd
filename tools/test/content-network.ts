import type { ContentSource } from '@kithnet/fountain'
import { type Contents, type Holonomic, holonomic, type PutReport } from '@kithnet/holonomic'
import { createIdentity, type Identity } from '@kithnet/identity'
import { seededRng } from '@kithnet/kernel'
import { createNode, type Node } from '@kithnet/runtime'
import { memoryStore } from '@kithnet/store'
import type { PeerId, Store } from '@kithnet/types'
import { expect, vi } from 'vitest'

/** A node that keeps contents, with what it was made from. */
export type Keeper = Node & { readonly holonomic: Holonomic } & {
  readonly identity: Identity
  readonly disk: Store
}

/** How a keeper of a test is started. */
export interface KeeperStart {
  readonly friend?: { ticket(): string }
  readonly root?: PeerId
  readonly identity?: Identity
  readonly disk?: Store
  readonly keepBytes?: number
}

/** Times that a test can wait for. */
const quick = {
  auditMs: 1_000,
  provenMs: 6_000,
  planMs: 1_000,
  settleMs: 2_000,
  answerMs: 500,
  wantMs: 3_000,
  takeMs: 3_000,
  fetchMs: 4_000,
  awayMs: 1_000,
}

/** Nodes of one test on real links, closed together. What they keep is in memory that outlives them. */
export class ContentNetwork implements AsyncDisposable {
  readonly #open: Keeper[] = []

  async start(options: KeeperStart = {}): Promise<Keeper> {
    const identity = options.identity ?? createIdentity()
    const disk = options.disk ?? memoryStore()
    const service = holonomic({
      identity,
      roots: [options.root ?? identity.peer],
      keepBytes: options.keepBytes ?? 100_000_000,
      syncIntervalMs: 1_000,
      content: quick,
    })
    const node = await createNode({
      identity,
      store: disk,
      preset: 'local',
      services: [service],
      ...(options.friend === undefined ? {} : { join: options.friend.ticket() }),
    })
    const keeper = Object.assign(node, { identity, disk })
    this.#open.push(keeper)
    return keeper
  }

  /** A founder and so many more, each let in by one grant of the founder's; all know all. */
  async found(count: number): Promise<readonly [Keeper, ...Keeper[]]> {
    const founder = await this.start()
    const keepers: [Keeper, ...Keeper[]] = [founder]
    while (keepers.length < count) {
      const keeper = await this.start({ friend: founder, root: founder.id })
      await founder.holonomic.trust.grant(keeper.id)
      keepers.push(keeper)
    }
    await this.agreed(keepers, count)
    return keepers
  }

  /** Waits until all of them know so many keepers. */
  async agreed(keepers: readonly Keeper[], count: number): Promise<void> {
    await vi.waitFor(
      () => {
        for (const one of keepers) expect(one.holonomic.trust.keepers()).toHaveLength(count)
      },
      { timeout: 30_000, interval: 100 },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((node) => node.close()))
  }
}

/** A content, and all that a reader gets of it. */
export function someBytes(length: number, seed: string): Uint8Array {
  return seededRng(seed).bytes(length)
}

export async function readWhole(
  contents: Contents,
  ref: PutReport['ref'],
  length: number,
): Promise<Uint8Array> {
  const whole = new Uint8Array(length)
  for await (const { start, bytes } of contents.get(ref)) whole.set(bytes, start)
  return whole
}

/** A source that counts how often it is read. */
export function countedSource(bytes: Uint8Array): ContentSource & { readonly reads: () => number } {
  let reads = 0
  return {
    length: bytes.length,
    read: (start, length) => {
      reads++
      return Promise.resolve(Uint8Array.from(bytes.subarray(start, start + length)))
    },
    reads: () => reads,
  }
}

/** How many symbols a store has. */
export async function symbolsIn(disk: Store): Promise<number> {
  return (await disk.scan('holonomic/symbols/1', { limit: 1_000_000 })).length
}
