import { CodedError, toHex } from '@kithnet/kernel'
import type { FileHandle } from 'node:fs/promises'
import type { KeystoreFault } from './faults.ts'
import { nodeModule, randomBytes } from './host.ts'

/** Only the owner may read or write. */
const privateMode = 0o600

/**
 * Writes a file that did not exist: whole and durable when the promise resolves, absent when it rejects.
 *
 * @throws CodedError `identity/exists`, `identity/io`.
 */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  const { fs } = files()
  await withTemporary(path, bytes, async (temporary) => {
    try {
      // A link fails when the name is taken, which a rename would overwrite.
      await fs.link(temporary, path)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw fileError('identity/exists', path, error)
      if (!linklessCodes.has(systemCode(error))) throw error
      await writeDurably(path, bytes)
    }
    await fs.unlink(temporary)
  })
}

/**
 * Replaces a file: after a crash either the old or the new one is there, whole.
 *
 * @throws CodedError `identity/io`.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const { fs } = files()
  await withTemporary(path, bytes, (temporary) => fs.rename(temporary, path))
}

/**
 * The bytes of a file, of which at most `most + 1` are read, so that the caller sees when there are too many.
 *
 * @throws CodedError `identity/not-found`, `identity/io`.
 */
export async function readSmallFile(path: string, most: number): Promise<Uint8Array> {
  const { fs } = files()
  let handle: FileHandle | undefined
  try {
    handle = await fs.open(path, 'r')
    const buffer = new Uint8Array(most + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return buffer.subarray(0, length)
  } catch (error) {
    throw toFileError(path, error)
  } finally {
    await handle?.close()
  }
}

/**
 * Deletes a file, durably.
 *
 * @throws CodedError `identity/not-found`, `identity/io`.
 */
export async function removeFile(path: string): Promise<void> {
  const { fs } = files()
  try {
    await fs.unlink(path)
    await syncFolder(path)
  } catch (error) {
    throw toFileError(path, error)
  }
}

/** Node's file and path modules. @throws CodedError `identity/no-file-system` elsewhere. */
export function files(): {
  readonly fs: (typeof import('node:fs'))['promises']
  readonly path: typeof import('node:path')
} {
  const fs = nodeModule('node:fs')?.promises
  const path = nodeModule('node:path')
  if (fs !== undefined && path !== undefined) return { fs, path }
  const sentence =
    'There are no files here: keep the recovery phrase or the exported root yourself.'
  throw new CodedError({ code: 'identity/no-file-system' }, sentence)
}

/** A failure of the file system as a coded error. Coded ones pass through. */
export function toFileError(path: string, error: unknown): CodedError<KeystoreFault> {
  if (error instanceof CodedError) return error as CodedError<KeystoreFault>
  if (systemCode(error) === 'ENOENT') return fileError('identity/not-found', path, error)
  if (systemCode(error) === 'EEXIST') return fileError('identity/exists', path, error)
  const system = systemCode(error)
  const sentence = `${path} cannot be read or written (${system}): check the folder, its permissions and its space.`
  return new CodedError({ code: 'identity/io', path, system }, sentence, { cause: error })
}

/** What file systems without hard links answer. */
const linklessCodes: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

async function withTemporary(
  path: string,
  bytes: Uint8Array,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const { fs, path: paths } = files()
  const name = `.${paths.basename(path)}.${toHex(randomBytes(8))}.tmp`
  const temporary = paths.join(paths.dirname(path), name)
  try {
    await writeDurably(temporary, bytes)
    await publish(temporary)
    await syncFolder(path)
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined)
    throw toFileError(path, error)
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await files().fs.open(path, 'wx', privateMode)
  try {
    // The mode given to open passes through the umask; this one does not.
    await handle.chmod(privateMode)
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a new or vanished name durable. Windows has no such call and needs none. */
async function syncFolder(path: string): Promise<void> {
  const { fs, path: paths } = files()
  if (paths.sep === '\\') return
  const handle = await fs.open(paths.dirname(path), 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function fileError(
  code: 'identity/exists' | 'identity/not-found',
  path: string,
  cause: unknown,
): CodedError<KeystoreFault> {
  const sentence =
    code === 'identity/exists'
      ? `${path} exists and is not overwritten: choose another name, or delete it first.`
      : `${path} does not exist: list what there is, or create it.`
  return new CodedError({ code, path }, sentence, { cause })
}

function systemCode(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}
