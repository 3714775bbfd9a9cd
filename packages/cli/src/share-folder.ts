import { type FileHandle, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ContentSource,
  type ContentSymbol,
  decodeContentSymbol,
  decodeManifest,
  encodeContentSymbol,
  encodeManifest,
  type Manifest,
  maxContentSymbolBytes,
  maxManifestBytes,
} from '@kithnet/fountain'
import { CodedError } from '@kithnet/kernel'
import type { CliFault } from './faults.ts'

const manifestName = 'manifest'
const sharePattern = /^share-\d{3,6}$/
/** Bytes of a length before each symbol of a share. */
const lengthBytes = 4

/** The name of a share's file. */
export function shareName(share: number): string {
  return `share-${String(share).padStart(3, '0')}`
}

/** Writes the manifest into a folder. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, manifestName), encodeManifest(manifest))
}

/**
 * The manifest of a folder.
 *
 * @throws CodedError `cli/content` when there is none, or none that can be read.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestName)
  try {
    const { size } = await stat(path)
    const decoded = size <= maxManifestBytes ? decodeManifest(await readFile(path)) : undefined
    if (decoded?.ok === true) return decoded.value
    throw contentError(path, `${path} is not the manifest of a content.`, decoded?.fault.code)
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw contentError(
      path,
      `There is no manifest in ${folder}: kith fountain encode makes one.`,
      error,
    )
  }
}

/** A file as the source of a content. */
export function fileSource(file: FileHandle, length: number): ContentSource {
  return {
    length,
    async read(start, size) {
      const bytes = new Uint8Array(size)
      const { bytesRead } = await file.read(bytes, 0, size, start)
      if (bytesRead === size) return bytes
      throw new Error('The file became shorter while it was read.')
    },
  }
}

/** Appends symbols to the files of their shares: a big-endian length and the encoded symbol, block after block. */
export class ShareWriter {
  readonly #folder: string
  readonly #files = new Map<number, FileHandle>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async write(symbol: ContentSymbol): Promise<void> {
    const share = symbol.id.symbol
    let file = this.#files.get(share)
    if (file === undefined) {
      file = await open(join(this.#folder, shareName(share)), 'w')
      this.#files.set(share, file)
    }
    const encoded = encodeContentSymbol(symbol)
    const frame = Buffer.alloc(lengthBytes + encoded.length)
    frame.writeUInt32BE(encoded.length)
    frame.set(encoded, lengthBytes)
    await file.write(frame)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()))
  }
}

/** The shares in a folder, read side by side, one symbol of each at a time. */
export class ShareReader {
  readonly #files: { readonly name: string; readonly file: FileHandle; at: number }[]

  private constructor(files: { readonly name: string; readonly file: FileHandle; at: number }[]) {
    this.#files = files
  }

  static async open(folder: string): Promise<ShareReader> {
    const names = (await readdir(folder)).filter((name) => sharePattern.test(name)).toSorted()
    const files = []
    for (const name of names) files.push({ name, file: await open(join(folder, name)), at: 0 })
    return new ShareReader(files)
  }

  get shares(): number {
    return this.#files.length
  }

  /** The next symbol of the share with this place in the folder; `undefined` when it has no more that can be read. */
  async next(place: number): Promise<ContentSymbol | undefined> {
    const share = this.#files[place]
    if (share === undefined) return undefined
    const length = await read(share.file, share.at, lengthBytes)
    const size = length?.readUInt32BE() ?? Infinity
    if (size > maxContentSymbolBytes) return undefined
    const encoded = await read(share.file, share.at + lengthBytes, size)
    share.at += lengthBytes + size
    const decoded = encoded === undefined ? undefined : decodeContentSymbol(encoded)
    return decoded?.ok === true ? decoded.value : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map(({ file }) => file.close()))
  }
}

async function read(file: FileHandle, at: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await file.read(bytes, 0, length, at)
  return bytesRead === length ? bytes : undefined
}

function contentError(path: string, sentence: string, cause: unknown): CodedError<CliFault> {
  return new CodedError<CliFault>({ code: 'cli/content', path }, sentence, { cause })
}
