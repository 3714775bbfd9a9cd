import { type Bytes, CodedError, hasCode } from '@kithnet/kernel'
import { files, removeFile, toFileError } from './atomic-file.ts'
import type { KeystoreFault } from './faults.ts'
import type { Identity } from './identity.ts'
import {
  changeKeystore,
  createKeystore,
  type CreatedKeystore,
  describeKeystore,
  exportKeystore,
  importKeystore,
  type KeystoreInfo,
  type KeystoreOptions,
  openKeystore,
  type Protection,
} from './keystore.ts'
import type { SignatureScheme } from './signature-scheme.ts'

/** A named key file of a folder. `info` is `undefined` when the file is damaged. */
export interface KeystoreEntry {
  readonly name: string
  readonly info: KeystoreInfo | undefined
}

const extension = '.kithkey'
/** Lower case only, so that names differ on every file system; no separators, no leading dot. Source: our choice. */
const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/
/** Names that Windows gives to devices. Source: Microsoft, "Naming Files, Paths, and Namespaces". */
const deviceName = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/

/** True for a name that a folder accepts: 1 to 63 of `a-z`, `0-9`, `-`, `_`, beginning with a letter or digit. */
export function isKeystoreName(name: string): boolean {
  return namePattern.test(name) && !deviceName.test(name)
}

/** Key files by name in one folder, which is made, for its owner only, when the first one is written. */
export class KeystoreFolder {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Where a name's file is. @throws CodedError `identity/bad-name`. */
  pathOf(name: string): string {
    if (!isKeystoreName(name)) {
      const fault: KeystoreFault = { code: 'identity/bad-name', name }
      const sentence = `${JSON.stringify(name)} is not a name: use 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit.`
      throw new CodedError(fault, sentence)
    }
    return files().path.join(this.folder, name + extension)
  }

  /** @throws CodedError as `createKeystore` does. */
  async create(
    name: string,
    protection: Protection,
    options?: KeystoreOptions,
  ): Promise<CreatedKeystore> {
    const path = this.pathOf(name)
    await this.#ensureFolder()
    return createKeystore(path, protection, options)
  }

  /** @throws CodedError as `openKeystore` does. */
  async open(name: string, protection: Protection, scheme?: SignatureScheme): Promise<Identity> {
    return openKeystore(this.pathOf(name), protection, scheme)
  }

  /** @throws CodedError as `describeKeystore` does. */
  async describe(name: string): Promise<KeystoreInfo> {
    return describeKeystore(this.pathOf(name))
  }

  /** @throws CodedError as `changeKeystore` does. */
  async change(
    name: string,
    protection: Protection,
    next: Parameters<typeof changeKeystore>[2],
  ): Promise<void> {
    return changeKeystore(this.pathOf(name), protection, next)
  }

  /** All key files, by name; none when the folder does not exist yet. */
  async list(): Promise<readonly KeystoreEntry[]> {
    const { fs } = files()
    let found: readonly string[]
    try {
      found = await fs.readdir(this.folder)
    } catch (error) {
      const failure = toFileError(this.folder, error)
      if (failure.code === 'identity/not-found') return []
      throw failure
    }
    const names = found
      .filter((file) => file.endsWith(extension))
      .map((file) => file.slice(0, -extension.length))
      .filter(isKeystoreName)
    const entries: KeystoreEntry[] = []
    for (const name of names.toSorted()) entries.push({ name, info: await this.#infoOf(name) })
    return entries
  }

  /** Deletes a key file. Only its recovery phrase, or a copy, brings the identity back. */
  async delete(name: string): Promise<void> {
    return removeFile(this.pathOf(name))
  }

  /** The sealed bytes of a key file, to be kept elsewhere. */
  async export(name: string): Promise<Bytes> {
    return exportKeystore(this.pathOf(name))
  }

  /** Adds a key file from its sealed bytes. Never overwrites. */
  async import(name: string, bytes: Uint8Array): Promise<KeystoreInfo> {
    const path = this.pathOf(name)
    await this.#ensureFolder()
    return importKeystore(path, bytes)
  }

  async #infoOf(name: string): Promise<KeystoreInfo | undefined> {
    try {
      return await this.describe(name)
    } catch (error) {
      if (hasCode(error, 'identity/corrupt')) return undefined
      throw error
    }
  }

  async #ensureFolder(): Promise<void> {
    try {
      await files().fs.mkdir(this.folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw toFileError(this.folder, error)
    }
  }
}
