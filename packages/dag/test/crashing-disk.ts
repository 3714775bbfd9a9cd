import type { Bytes, Rng } from '@kithnet/kernel'
import type { Files, OpenFile } from '@kithnet/dag/tiles'

/** What a power cut leaves of what was not synced: nothing, everything, or any part of it. */
export type Survival = 'nothing' | 'everything' | 'anything'

type Change = { readonly at: number; readonly bytes: Bytes } | { readonly size: number }

interface Inode {
  live: Bytes
  durable: Bytes
  /** Since the last sync, in order. */
  pending: Change[]
}

/** One thing that happened to names, and the folder that must be synced for it to last. */
interface Naming {
  readonly folder: string
  readonly apply: (names: Map<string, Inode>) => void
}

/**
 * A disk in memory whose power can be cut at any change: every write, truncation, sync, naming and removal counts as one.
 * Contents last once their file was synced, names once their folder was.
 */
export class CrashingDisk implements Files {
  readonly #names: Map<string, Inode>
  #durableNames: Map<string, Inode>
  #namings: Naming[] = []
  /** Changes until the cut; the one that brings it to 0 is torn. */
  #left: number
  /** Changes so far. */
  changes = 0

  constructor(contents: ReadonlyMap<string, Bytes>, changesUntilCut: number) {
    this.#names = new Map(
      [...contents].map(([path, bytes]) => {
        return [path, { live: bytes.slice(), durable: bytes.slice(), pending: [] }]
      }),
    )
    this.#durableNames = new Map(this.#names)
    this.#left = changesUntilCut
  }

  /** True once the power was cut. */
  get isOff(): boolean {
    return this.#left === 0
  }

  /** What is on the disk after a cut. */
  survivors(survival: Survival, rng: Rng): ReadonlyMap<string, Bytes> {
    const names = new Map(this.#durableNames)
    // A file system logs names in order: some first ones of them last.
    const lasting =
      survival === 'anything' ? rng.below(this.#namings.length + 1) : this.#namings.length
    if (survival !== 'nothing') {
      for (const { apply } of this.#namings.slice(0, lasting)) apply(names)
    }
    return new Map([...names].map(([path, inode]) => [path, surviving(inode, survival, rng)]))
  }

  list(folder: string): readonly string[] {
    const inside = [...this.#names.keys()].filter((path) => path.startsWith(`${folder}/`))
    return [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0]!))].sort()
  }

  open(path: string): OpenFile | undefined {
    const inode = this.#names.get(path)
    return inode === undefined ? undefined : this.#file(inode)
  }

  async make(path: string): Promise<OpenFile> {
    let inode = this.#names.get(path)
    if (inode === undefined) {
      const made: Inode = { live: new Uint8Array(0), durable: new Uint8Array(0), pending: [] }
      this.#name(path, (names) => names.set(path, made))
      inode = made
    }
    return this.#file(inode)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#name(to, (names) => {
      const inode = names.get(from)
      names.delete(from)
      if (inode !== undefined) names.set(to, inode)
    })
  }

  async remove(path: string): Promise<void> {
    this.#name(path, (names) => names.delete(path))
  }

  async syncFolder(folder: string): Promise<void> {
    this.#change()
    // Syncing writes the log out: with it goes what was named before, wherever.
    const last = this.#namings.findLastIndex((naming) => naming.folder === folder)
    for (const { apply } of this.#namings.splice(0, last + 1)) apply(this.#durableNames)
  }

  #file(inode: Inode): OpenFile {
    return {
      size: () => inode.live.length,
      read: (at, length) => inode.live.slice(at, at + length),
      write: async (at, bytes) => {
        const isCut = this.#left === 1
        const kept = isCut ? bytes.slice(0, bytes.length >> 1) : bytes.slice()
        if (this.#left > 0) {
          inode.live = written(inode.live, at, kept)
          inode.pending.push({ at, bytes: kept })
        }
        this.#change()
      },
      truncate: async (size) => {
        this.#change()
        inode.live = resized(inode.live, size)
        inode.pending.push({ size })
      },
      sync: async () => {
        this.#change()
        inode.durable = inode.live.slice()
        inode.pending = []
      },
      close: () => {},
    }
  }

  #name(path: string, apply: (names: Map<string, Inode>) => void): void {
    this.#change()
    apply(this.#names)
    this.#namings.push({ folder: path.slice(0, path.lastIndexOf('/')), apply })
  }

  #change(): void {
    this.changes++
    if (this.#left > 0) this.#left--
    if (this.#left === 0) throw new Error('the power was cut')
  }
}

function surviving(inode: Inode, survival: Survival, rng: Rng): Bytes {
  if (survival === 'nothing') return inode.durable.slice()
  if (survival === 'everything') return inode.live.slice()
  let bytes = inode.durable.slice()
  for (const change of inode.pending) {
    if ('size' in change) {
      if (rng.below(2) === 0) bytes = resized(bytes, change.size)
      continue
    }
    // Sectors of a write reach the disk in any order, each whole or not at all.
    for (let at = 0; at < change.bytes.length; at += sectorBytes) {
      if (rng.below(3) === 0) continue
      bytes = written(bytes, change.at + at, change.bytes.slice(at, at + sectorBytes))
    }
  }
  return bytes
}

function written(bytes: Bytes, at: number, part: Bytes): Bytes {
  const whole = resized(bytes, Math.max(bytes.length, at + part.length))
  whole.set(part, at)
  return whole
}

function resized(bytes: Bytes, size: number): Bytes {
  const other = new Uint8Array(size)
  other.set(bytes.subarray(0, size))
  return other
}

/** Source: what most disks write at once. */
const sectorBytes = 512
