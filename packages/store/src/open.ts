import type { Store } from '@kithnet/types'

/** How a store is opened. */
export interface OpenOptions {
  /**
   * Most bytes of the file; as much as the disk has when left out. Beyond, `store/full`. SQLite's log comes on top, some
   * 4 MiB or the longest call.
   */
  readonly maxBytes?: number
}

/**
 * Opens the store at `path`, making the file and its folder when they are not there. SQLite is loaded only here,
 * so that a bundle for a browser goes without.
 *
 * @throws CodedError `store/locked`, `store/corrupt`, `store/version`, `store/full` or `store/unavailable`.
 */
export async function openStore(path: string, options: OpenOptions = {}): Promise<Store> {
  const { sqliteStore } = await import('./sqlite.ts')
  return sqliteStore(path, options)
}
