import { assert, type Bytes, CodedError, type Result, utf8, wipe } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { readSmallFile, replaceFile, writeNewFile } from './atomic-file.ts'
import type { KeyFileDefect, KeystoreFault } from './faults.ts'
import { nodeModule } from './host.ts'
import { createIdentity, type Identity, identityFromPhrase } from './identity.ts'
import {
  defaultScryptCost,
  isAlias,
  isScryptCost,
  type KeyFile,
  maxAliasLength,
  maxKeyFileBytes,
  openKeyFile,
  parseKeyFile,
  type ScryptCost,
  sealKeyFile,
} from './key-file.ts'
import { selectBackend } from './select-backend.ts'
import { mlDsaScheme, type SignatureScheme } from './signature-scheme.ts'

/** What guards a key file. To do without must be said by name. */
export type Protection =
  { readonly kind: 'password'; readonly password: string } | { readonly kind: 'none' }

/** How a key file is made. */
export interface KeystoreOptions {
  /** A name for people, at most 64 characters, readable without the password. */
  readonly alias?: string
  /** The 24 words of an identity to bring back; without them a fresh one is made. */
  readonly phrase?: string
  /** What a guess of the password costs. */
  readonly cost?: ScryptCost
  readonly scheme?: SignatureScheme
}

/** A new key file's identity, and the words that bring it back: shown once, kept nowhere. */
export interface CreatedKeystore {
  readonly identity: Identity
  readonly phrase: string
}

/** What a key file shows without its password. */
export interface KeystoreInfo {
  readonly peer: PeerId
  readonly alias: string
  readonly protected: boolean
}

/**
 * Makes an identity and its key file, readable by its owner only. Never overwrites.
 *
 * @throws CodedError `identity/exists`, `identity/password-needed`, `identity/bad-alias`, `identity/bad-phrase`,
 * `identity/io`.
 */
export async function createKeystore(
  path: string,
  protection: Protection,
  options: KeystoreOptions = {},
): Promise<CreatedKeystore> {
  const alias = checkedAlias(options.alias ?? '')
  const password = passwordBytes(path, protection)
  const scheme = options.scheme ?? mlDsaScheme()
  const identity =
    options.phrase === undefined
      ? createIdentity(undefined, scheme)
      : orThrow(identityFromPhrase(options.phrase, scheme))
  try {
    await writeNewFile(path, await sealed(identity, alias, password, options.cost))
    return { identity, phrase: identity.exportPhrase() }
  } catch (error) {
    identity[Symbol.dispose]()
    throw error
  }
}

/**
 * The identity of a key file.
 *
 * @throws CodedError `identity/not-found`, `identity/wrong-password`, `identity/password-needed`,
 * `identity/not-protected`, `identity/corrupt`, `identity/io`.
 */
export async function openKeystore(
  path: string,
  protection: Protection,
  scheme: SignatureScheme = mlDsaScheme(),
): Promise<Identity> {
  const file = await readKeyFile(path)
  const isProtected = file.header.scrypt !== undefined
  if (isProtected && protection.kind === 'none')
    throw keystoreError('identity/password-needed', path)
  if (!isProtected && protection.kind === 'password') {
    throw keystoreError('identity/not-protected', path)
  }
  const password = passwordBytes(path, protection)
  const root = await openKeyFile(file, password, scrypt, selectBackend())
  if (password !== undefined) wipe(password)
  if (root === undefined) {
    // The checksum held, so the bytes are those that were written: what is wrong is the password.
    throw isProtected ? keystoreError('identity/wrong-password', path) : corrupt(path, 'contents')
  }
  const identity = createIdentity(root, scheme)
  wipe(root)
  if (identity.peer === file.header.peer) return identity
  identity[Symbol.dispose]()
  throw corrupt(path, 'contents')
}

/**
 * What a key file shows without its password; authenticated only once it is opened.
 *
 * @throws CodedError `identity/not-found`, `identity/corrupt`, `identity/io`.
 */
export async function describeKeystore(path: string): Promise<KeystoreInfo> {
  const { peer, alias, scrypt: cost } = (await readKeyFile(path)).header
  return { peer, alias, protected: cost !== undefined }
}

/**
 * Replaces password or alias. A crash leaves the old file or the new one, whole.
 *
 * @throws CodedError as `openKeystore` does.
 */
export async function changeKeystore(
  path: string,
  protection: Protection,
  next: { readonly protection?: Protection; readonly alias?: string; readonly cost?: ScryptCost },
): Promise<void> {
  const alias = checkedAlias(next.alias ?? (await describeKeystore(path)).alias)
  const password = passwordBytes(path, next.protection ?? protection)
  const identity = await openKeystore(path, protection)
  try {
    await replaceFile(path, await sealed(identity, alias, password, next.cost))
  } finally {
    identity[Symbol.dispose]()
  }
}

/**
 * The bytes of a key file after a check that they are one: as they stand, still sealed.
 *
 * @throws CodedError `identity/not-found`, `identity/corrupt`, `identity/io`.
 */
export async function exportKeystore(path: string): Promise<Bytes> {
  const bytes = await readSmallFile(path, maxKeyFileBytes)
  checkedKeyFile(path, bytes)
  return Uint8Array.from(bytes)
}

/**
 * Writes the bytes of an exported key file to a new place.
 *
 * @throws CodedError `identity/exists`, `identity/corrupt`, `identity/io`.
 */
export async function importKeystore(path: string, bytes: Uint8Array): Promise<KeystoreInfo> {
  const { peer, alias, scrypt: cost } = checkedKeyFile(path, bytes).header
  await writeNewFile(path, bytes)
  return { peer, alias, protected: cost !== undefined }
}

async function sealed(
  identity: Identity,
  alias: string,
  password: Uint8Array | undefined,
  cost: ScryptCost = defaultScryptCost,
): Promise<Bytes> {
  assert(isScryptCost(cost), 'the cost of a password lies within the bounds of a key file')
  const root = identity.exportRoot()
  try {
    const about = { peer: identity.peer, alias }
    return await sealKeyFile(root, about, password, cost, scrypt, selectBackend())
  } finally {
    wipe(root)
    if (password !== undefined) wipe(password)
  }
}

async function readKeyFile(path: string): Promise<KeyFile> {
  return checkedKeyFile(path, await readSmallFile(path, maxKeyFileBytes))
}

function checkedKeyFile(path: string, bytes: Uint8Array): KeyFile {
  const parsed = parseKeyFile(bytes, selectBackend())
  if (parsed.ok) return parsed.value
  throw corrupt(path, parsed.fault.why)
}

function passwordBytes(path: string, protection: Protection): Bytes | undefined {
  if (protection.kind === 'none') return undefined
  if (protection.password === '') throw keystoreError('identity/password-needed', path)
  // One password typed on two keyboards may arrive in two Unicode forms.
  return utf8(protection.password.normalize('NFKC'))
}

function checkedAlias(alias: string): string {
  if (isAlias(alias)) return alias
  const sentence = `An alias has at most ${maxAliasLength} printable characters: choose a shorter one.`
  throw new CodedError({ code: 'identity/bad-alias', alias }, sentence)
}

function scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost): Promise<Bytes> {
  const crypto = nodeModule('node:crypto')
  if (crypto === undefined) throw keystoreError('identity/no-file-system', '')
  const { log2N, r, p } = cost
  // Source: RFC 7914 section 2: 128 r N bytes, and room for the rest.
  const maxmem = 128 * r * 2 ** log2N + 2 ** 20 * p * r
  return new Promise((resolve, reject) => {
    crypto.scrypt(password, salt, 32, { N: 2 ** log2N, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(new Uint8Array(key))
      else reject(error)
    })
  })
}

function orThrow<T>(result: Result<T>): T {
  if (result.ok) return result.value
  const sentence =
    'These are not the 24 words of a recovery phrase: check the spelling and the order.'
  throw new CodedError(result.fault, sentence)
}

type PlainCode =
  | 'identity/wrong-password'
  | 'identity/password-needed'
  | 'identity/not-protected'
  | 'identity/no-file-system'

const sentences: Readonly<Record<PlainCode, string>> = {
  'identity/wrong-password': 'The password is wrong: try again; the recovery phrase also works.',
  'identity/password-needed': 'A password is needed: give one, or ask for none by name.',
  'identity/not-protected':
    'The file has no password: open it without one, if it is the file you mean.',
  'identity/no-file-system': 'There are no files here: keep the recovery phrase yourself.',
}

function keystoreError(code: PlainCode, path: string): CodedError<KeystoreFault> {
  const about = path === '' ? '' : `${path}: `
  return new CodedError({ code, path }, about + sentences[code])
}

function corrupt(path: string, why: KeyFileDefect): CodedError<KeystoreFault> {
  const sentence = `${path} is damaged or not a key file (${why}): restore it from a copy or from the recovery phrase.`
  return new CodedError({ code: 'identity/corrupt', path, why }, sentence)
}
