import * as fs from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import type { Bytes } from '@kithnet/kernel'
import type { Files, OpenFile } from './files.ts'

/** The files below a folder of the host. What is made is private to the user: 0600, folders 0700. */
export function nodeFiles(root: string): Files {
  return new NodeFiles(root)
}

class NodeFiles implements Files {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  list(folder: string): readonly string[] {
    try {
      return fs.readdirSync(join(this.#root, folder)).sort()
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  }

  open(path: string): OpenFile | undefined {
    try {
      return new NodeFile(fs.openSync(join(this.#root, path), 'r+'))
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  async make(path: string): Promise<OpenFile> {
    const full = join(this.#root, path)
    const flags = fs.constants.O_RDWR | fs.constants.O_CREAT
    try {
      return new NodeFile(await open(full, flags, 0o600))
    } catch (error) {
      if (!isAbsent(error)) throw error
      fs.mkdirSync(dirname(full), { recursive: true, mode: 0o700 })
      return new NodeFile(await open(full, flags, 0o600))
    }
  }

  rename(from: string, to: string): Promise<void> {
    return fs.promises.rename(join(this.#root, from), join(this.#root, to))
  }

  remove(path: string): Promise<void> {
    return fs.promises.unlink(join(this.#root, path))
  }

  async syncFolder(folder: string): Promise<void> {
    // Windows has no handle of a folder to sync; its file system logs names by itself.
    if (process.platform === 'win32') return
    let full = join(this.#root, folder)
    for (; !relative(this.#root, full).startsWith('..'); full = dirname(full)) {
      const handle = await open(full, 'r', 0)
      try {
        await fsync(handle)
      } finally {
        fs.closeSync(handle)
      }
    }
  }
}

class NodeFile implements OpenFile {
  readonly #handle: number

  constructor(handle: number) {
    this.#handle = handle
  }

  size(): number {
    return fs.fstatSync(this.#handle).size
  }

  read(at: number, length: number, room: Bytes = new Uint8Array(length)): Bytes {
    let done = 0
    while (done < length) {
      const count = fs.readSync(this.#handle, room, done, length - done, at + done)
      if (count === 0) break
      done += count
    }
    return room.subarray(0, done)
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    let done = 0
    while (done < bytes.length) {
      done += await write(this.#handle, bytes, done, bytes.length - done, at + done)
    }
  }

  truncate(size: number): Promise<void> {
    return truncate(this.#handle, size)
  }

  sync(): Promise<void> {
    return fdatasync(this.#handle)
  }

  close(): void {
    fs.closeSync(this.#handle)
  }
}

function isAbsent(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}

const open = promisify(fs.open) as (
  path: string,
  flags: string | number,
  mode: number,
) => Promise<number>
const truncate = promisify(fs.ftruncate)
const fsync = promisify(fs.fsync)
/** Also syncs the size where that changed. Source: POSIX, fdatasync. */
const fdatasync = promisify(fs.fdatasync)

function write(
  handle: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  at: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(handle, bytes, offset, length, at, (error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
}
