import { type Bytes, concat, equalBytes, fail, ok, type Result, utf8 } from '@kithnet/kernel'
import {
  type CborValue,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytes,
  isText,
  isTuple,
  isUint,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import { aeadTagBytes, type Backend } from './backend.ts'
import type { KeyFileDefect } from './faults.ts'
import { randomBytes } from './host.ts'
import { rootBytes } from './seeds.ts'

/** How the key that seals a file is made from a password. Source: RFC 7914. */
export interface ScryptCost {
  /** log2 of N: memory is 1 KiB x N at r = 8. */
  readonly log2N: number
  readonly r: number
  readonly p: number
}

/**
 * 128 MiB and half a second on the machine we measured. Source: OWASP's password storage advice, which asks for
 * N = 2^17, r = 8, p = 1.
 */
export const defaultScryptCost: ScryptCost = { log2N: 17, r: 8, p: 1 }

/** What a key file shows without its password. All of it is authenticated when the file is opened. */
export interface KeyFileHeader {
  readonly peer: PeerId
  /** A name for people; empty when there is none. */
  readonly alias: string
  /** `undefined` when the file has no password. */
  readonly scrypt: ScryptCost | undefined
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
}

/** A key file in its parts. */
export interface KeyFile {
  readonly header: KeyFileHeader
  /** The header's exact bytes, which the seal covers. */
  readonly headerBytes: Bytes
  readonly sealed: Bytes
}

/** Makes the sealing key from a password. Slow on purpose. */
export type Stretch = (password: Uint8Array, salt: Uint8Array, cost: ScryptCost) => Promise<Bytes>

/** Longest alias, in UTF-16 units. Source: our choice. */
export const maxAliasLength = 64
/** Largest key file: everything beyond is refused before it is read. Source: sum of the parts below. */
export const maxKeyFileBytes = 512

const magic = utf8('kithkey1')
const saltBytes = 32
const nonceBytes = 24
const checksumBytes = 32
const sealedBytes = rootBytes + aeadTagBytes
/** Bounds of what a file may cost: up to 256 MiB, four times over. Source: our choice. */
const costBounds = { log2N: [10, 18], r: [8, 8], p: [1, 4] } as const

/** True for a cost that a key file may ask for. */
export function isScryptCost({ log2N, r, p }: ScryptCost): boolean {
  return within(log2N, costBounds.log2N) && within(r, costBounds.r) && within(p, costBounds.p)
}

/** True for text that is short and, printed to a terminal, does nothing but appear. */
export function isAlias(alias: string): boolean {
  return alias.length <= maxAliasLength && /^\P{C}*$/u.test(alias)
}

/**
 * The bytes of a key file: magic, length of the header in two bytes, header, root sealed by
 * XChaCha20-Poly1305 with magic and header as associated data, SHA-256 of all before. The checksum is over what anyone
 * can read, so it tells damage from a wrong password and helps nobody to guess one.
 */
export async function sealKeyFile(
  root: Uint8Array,
  about: { readonly peer: PeerId; readonly alias: string },
  password: Uint8Array | undefined,
  cost: ScryptCost,
  stretch: Stretch,
  backend: Backend,
): Promise<Bytes> {
  const header: KeyFileHeader = {
    ...about,
    scrypt: password === undefined ? undefined : cost,
    salt: randomBytes(saltBytes),
    nonce: randomBytes(nonceBytes),
  }
  const headerBytes = encodeHeader(header)
  const key = await sealingKey(header, password, stretch, backend)
  const length = Uint8Array.of(headerBytes.length >> 8, headerBytes.length)
  const before = concat(magic, length, headerBytes)
  const sealed = backend.xChaCha20Poly1305.seal(key, header.nonce, root, concat(magic, headerBytes))
  key.fill(0)
  const covered = concat(before, sealed)
  return concat(covered, backend.sha256(covered))
}

/** The parts of a key file's bytes, or what is wrong with them. Opens nothing. */
export function parseKeyFile(bytes: Uint8Array, backend: Backend): Result<KeyFile, DefectFault> {
  const fixed = magic.length + 2
  if (bytes.length > maxKeyFileBytes || bytes.length < fixed) return defect('length')
  if (!equalBytes(bytes.subarray(0, magic.length), magic)) return defect('magic')
  const headerLength = (bytes[magic.length]! << 8) | bytes[magic.length + 1]!
  const end = fixed + headerLength + sealedBytes
  if (bytes.length !== end + checksumBytes) return defect('length')
  if (!equalBytes(backend.sha256(bytes.subarray(0, end)), bytes.subarray(end))) {
    return defect('checksum')
  }
  const headerBytes = bytes.slice(fixed, fixed + headerLength)
  const header = decodeHeader(headerBytes)
  if (!header.ok) return header
  return ok({ header: header.value, headerBytes, sealed: bytes.slice(fixed + headerLength, end) })
}

/** The root in a file, or `undefined` when the password is not the one. */
export async function openKeyFile(
  file: KeyFile,
  password: Uint8Array | undefined,
  stretch: Stretch,
  backend: Backend,
): Promise<Bytes | undefined> {
  const { header, headerBytes, sealed } = file
  const key = await sealingKey(header, password, stretch, backend)
  const associated = concat(magic, headerBytes)
  const root = backend.xChaCha20Poly1305.open(key, header.nonce, sealed, associated)
  key.fill(0)
  return root
}

/** A defect as a fault; the keystore adds the path. */
interface DefectFault {
  readonly code: 'identity/corrupt'
  readonly why: KeyFileDefect
}

async function sealingKey(
  header: KeyFileHeader,
  password: Uint8Array | undefined,
  stretch: Stretch,
  backend: Backend,
): Promise<Bytes> {
  const info = utf8('kithnet/1/keyfile')
  if (header.scrypt === undefined || password === undefined) {
    // Anyone can compute this key: without a password the seal only finds damage.
    return backend.hkdfSha256(header.salt, new Uint8Array(0), info, 32)
  }
  const stretched = await stretch(password, header.salt, header.scrypt)
  const key = backend.hkdfSha256(stretched, header.salt, info, 32)
  stretched.fill(0)
  return key
}

function encodeHeader({ peer, alias, scrypt, salt, nonce }: KeyFileHeader): Bytes {
  const cost: CborValue = scrypt === undefined ? null : [scrypt.log2N, scrypt.r, scrypt.p]
  return encodeCbor([1, idToBytes(peer), alias, cost, salt, nonce])
}

function decodeHeader(bytes: Uint8Array): Result<KeyFileHeader, DefectFault> {
  const limits = { maxBytes: maxKeyFileBytes, maxDepth: 2, maxItems: 10 }
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok || !isTuple(decoded.value, 6)) return defect('header')
  const [version, peer, alias, cost, salt, nonce] = decoded.value
  if (version !== 1 || !isBytes(peer, idBytes)) return defect('header')
  if (!isText(alias, maxAliasLength) || !isAlias(alias)) return defect('header')
  if (!isBytes(salt, saltBytes) || !isBytes(nonce, nonceBytes)) return defect('header')
  const header = { peer: peerIdFromBytes(peer), alias, salt, nonce }
  if (cost === null) return ok({ ...header, scrypt: undefined })
  if (!isTuple(cost, 3)) return defect('header')
  const [log2N, r, p] = cost
  if (!isUint(log2N) || !isUint(r) || !isUint(p)) return defect('header')
  const scrypt = { log2N, r, p }
  return isScryptCost(scrypt) ? ok({ ...header, scrypt }) : defect('parameters')
}

function within(value: number, [least, most]: readonly [number, number]): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function defect(why: KeyFileDefect): Result<never, DefectFault> {
  return fail({ code: 'identity/corrupt', why })
}
