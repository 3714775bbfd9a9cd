import type { Bytes } from '@kithnet/kernel'

/**
 * The few things that the tile store asks of a file system. Paths are relative to the store's folder, with `/`. Reading is
 * synchronous: a slice that is in the host's memory takes 5 us so, and ten times as long by way of a thread. Failures
 * are thrown as they come.
 */
export interface Files {
  /** Names of the entries of a folder, sorted; none when there is no such folder. */
  list(folder: string): readonly string[]
  /** The file, or `undefined` when there is none. */
  open(path: string): OpenFile | undefined
  /** The file, made when there is none, with the folders above it. Its name lasts once its folder was synced. */
  make(path: string): Promise<OpenFile>
  /** Puts a file in the place of another, at once. Lasts once the folder was synced. */
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes the names in a folder last, and that of the folder itself and of those above it. */
  syncFolder(folder: string): Promise<void>
}

/** A file that is open. */
export interface OpenFile {
  /** Bytes. */
  size(): number
  /**
   * The bytes from `at` on: fewer than `length` where the file ends before. They are written to `room`, which is long
   * enough, when it is given.
   */
  read(at: number, length: number, room?: Bytes): Bytes
  write(at: number, bytes: Uint8Array): Promise<void>
  /** Cuts or extends with zeros. */
  truncate(size: number): Promise<void>
  /** Resolves when what was written, and the size, lasts. */
  sync(): Promise<void>
  close(): void
}
