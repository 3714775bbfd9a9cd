import { BoundedMap } from '@kithnet/kernel'
import type { Files, OpenFile } from './files.ts'

/** Files that stay open for reading, up to a number; the least recently used one is closed for another. */
export class OpenFiles {
  readonly #files: Files
  readonly #open: BoundedMap<string, OpenFile>

  constructor(files: Files, capacity: number) {
    this.#files = files
    this.#open = new BoundedMap(capacity, (_, file) => file.close())
  }

  /** The file, or `undefined` when there is none. Valid until the next call. */
  get(path: string): OpenFile | undefined {
    const known = this.#open.get(path)
    if (known !== undefined) return known
    const file = this.#files.open(path)
    if (file !== undefined) this.#open.set(path, file)
    return file
  }

  close(): void {
    for (const [, file] of this.#open) file.close()
    this.#open.clear()
  }
}
