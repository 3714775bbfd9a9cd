import type { Bytes } from '@kithnet/kernel'

/** One change of an atomic write. A value of `undefined` deletes. */
export interface Change {
  readonly space: string
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/** An entry of a key range. */
export interface Entry {
  readonly key: Bytes
  readonly value: Bytes
}

/** An entry of a log. Positions of one log rise by one and are never given twice. */
export interface LogEntry {
  readonly position: number
  readonly value: Bytes
}

/** Which positions a log holds: from `first` on, before `next`. Nothing when they are equal. */
export interface LogBounds {
  readonly first: number
  /** The position that the next value will get. */
  readonly next: number
}

/** Which part of a space to read, in the byte order of keys. */
export interface Range {
  /** First key, included. */
  readonly from?: Uint8Array
  /** Last key, excluded. */
  readonly to?: Uint8Array
  /** Most entries, at least 1. Fewer come when they are long together, but never none while there are some. */
  readonly limit: number
  readonly reverse?: boolean
}

/**
 * Durable keys, values and logs. Values given are copied and values returned are the caller's own. Calls take
 * effect in the order in which they are made. A promise of `write`, `append` or `trim` resolves when a crash can no
 * longer undo it; concurrent calls share a commit.
 *
 * Faults: `store/locked`, `store/full`, `store/corrupt`, `store/version`, `store/unavailable`, `store/closed`,
 * `store/too-large`.
 */
export interface Store extends AsyncDisposable {
  get(space: string, key: Uint8Array): Promise<Bytes | undefined>
  scan(space: string, range: Range): Promise<readonly Entry[]>
  /** All changes or none. */
  write(changes: readonly Change[]): Promise<void>
  /** Appends all values or none; returns the position of the first. Positions start at 1. */
  append(log: string, values: readonly Uint8Array[]): Promise<number>
  /** Entries from a position on, oldest first; at most `limit`, fewer as in `Range`. */
  read(log: string, from: number, limit: number): Promise<readonly LogEntry[]>
  bounds(log: string): Promise<LogBounds>
  /** Forgets the entries before a position. Positions go on where they were. */
  trim(log: string, before: number): Promise<void>
  close(): Promise<void>
}
