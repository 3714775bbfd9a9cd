import { aeadTagBytes, mlKemCiphertextBytes, mlKemPublicKeyBytes } from '@kithnet/identity'
import { type Bytes, concat, fail, ok, type Result } from '@kithnet/kernel'
import { publicKeyBytes, signatureBytes } from '@kithnet/types'
import type { ChannelFault } from './faults.ts'

/** The messages of a handshake, by their names in the specification. */
export type HandshakeMessage = 'hello' | 'retry' | 'answer' | 'finish' | 'refusal'

/** The protocol version that this code speaks. */
export const channelVersion = 1

/** Bytes of each side's nonce. Source: our choice, as in TLS 1.3. */
export const nonceBytes = 32
/** Bytes of an X25519 public key. Source: RFC 7748. */
export const x25519Bytes = 32
/** Bytes of the tag that shows knowledge of the network id. Source: our choice; 2^-128 to guess. */
export const networkTagBytes = 16
/** Bytes of a cookie. Source: our choice; with its header below the 64 bytes of papers on denial of service. */
export const cookieBytes = 32
/** Bytes of an HMAC-SHA-256. */
export const finishTagBytes = 32
/** Most versions in a hello. Source: our choice. */
export const maxVersions = 8
/** Most suites in a hello. Source: our choice. */
export const maxSuites = 16

/** Longest body of a hello. */
export const maxHelloBytes: number =
  1 +
  maxVersions +
  1 +
  maxSuites +
  nonceBytes +
  x25519Bytes +
  mlKemPublicKeyBytes +
  networkTagBytes +
  1 +
  cookieBytes

/** Body of a retry: the cookie. */
export const retryBytes: number = cookieBytes
/** Body of a refusal: its reason. */
export const refusalBytes = 1

/** Key, signature and key confirmation: what each side says of itself, under encryption. */
export const proofBytes: number = publicKeyBytes + signatureBytes + finishTagBytes
/** Body of an answer before its encrypted part. */
export const answerClearBytes: number = 2 + nonceBytes + x25519Bytes + mlKemCiphertextBytes
/** Body of an answer. */
export const answerBytes: number = answerClearBytes + proofBytes + aeadTagBytes
/** Body of a finish. */
export const finishBytes: number = proofBytes + aeadTagBytes

/** The initiator's first message. */
export interface Hello {
  /** Distinct, 1 to 8. */
  readonly versions: readonly number[]
  /** Distinct, 1 to 16, the most wanted first. */
  readonly suites: readonly number[]
  readonly nonce: Uint8Array
  readonly x25519: Uint8Array
  readonly mlKem768: Uint8Array
  /** HMAC over the body up to here, under a key made of the network id. */
  readonly networkTag: Uint8Array
  /** What a busy listener asked to see again, or nothing. */
  readonly cookie: Uint8Array | undefined
  /** The part of the body that `networkTag` covers. */
  readonly tagged: Uint8Array
}

/** The part of a hello's body that the network tag covers. */
export function encodeHelloFields(
  fields: Pick<Hello, 'versions' | 'suites' | 'nonce' | 'x25519' | 'mlKem768'>,
): Bytes {
  const { versions, suites, nonce, x25519, mlKem768 } = fields
  const lists = new Uint8Array([versions.length, ...versions, suites.length, ...suites])
  return concat(lists, nonce, x25519, mlKem768)
}

/** The body of a hello. */
export function encodeHello(
  fields: Uint8Array,
  networkTag: Uint8Array,
  cookie: Uint8Array | undefined,
): Bytes {
  const end = cookie ?? new Uint8Array(0)
  return concat(fields, networkTag, new Uint8Array([end.length]), end)
}

/** The hello of a body. All bytes are views into it. */
export function decodeHello(body: Uint8Array): Result<Hello, ChannelFault> {
  const versions = listAt(body, 0, maxVersions)
  if (versions === undefined) return malformed('hello', 'versions')
  let at = 1 + versions.length
  const suites = listAt(body, at, maxSuites)
  if (suites === undefined) return malformed('hello', 'suites')
  at += 1 + suites.length
  const cut = (length: number): Uint8Array => body.subarray(at, (at += length))
  const nonce = cut(nonceBytes)
  const x25519 = cut(x25519Bytes)
  const mlKem768 = cut(mlKemPublicKeyBytes)
  const tagged = body.subarray(0, at)
  const networkTag = cut(networkTagBytes)
  const cookieLength = body[at++]
  if (cookieLength === undefined) return malformed('hello', 'length')
  if (cookieLength !== 0 && cookieLength !== cookieBytes) return malformed('hello', 'cookie')
  const cookie = cookieLength === 0 ? undefined : cut(cookieLength)
  if (at !== body.length) return malformed('hello', 'length')
  return ok({ versions, suites, nonce, x25519, mlKem768, networkTag, cookie, tagged })
}

/** The part of the responder's message that is not encrypted. */
export interface AnswerClear {
  readonly version: number
  readonly suite: number
  readonly nonce: Uint8Array
  readonly x25519: Uint8Array
  /** The ML-KEM-768 ciphertext. */
  readonly ciphertext: Uint8Array
}

/** The responder's message. */
export interface Answer extends AnswerClear {
  /** The bytes of the clear part. */
  readonly clear: Uint8Array
  /** The responder's sealed proof. */
  readonly sealed: Uint8Array
}

/** The clear part of an answer's body. */
export function encodeAnswerClear(clear: AnswerClear): Bytes {
  const { version, suite, nonce, x25519, ciphertext } = clear
  return concat(new Uint8Array([version, suite]), nonce, x25519, ciphertext)
}

/** The answer of a body. All bytes are views into it. */
export function decodeAnswer(body: Uint8Array): Result<Answer, ChannelFault> {
  if (body.length !== answerBytes) return malformed('answer', 'length')
  let at = 2
  const cut = (length: number): Uint8Array => body.subarray(at, (at += length))
  return ok({
    version: body[0]!,
    suite: body[1]!,
    nonce: cut(nonceBytes),
    x25519: cut(x25519Bytes),
    ciphertext: cut(mlKemCiphertextBytes),
    clear: body.subarray(0, answerClearBytes),
    sealed: body.subarray(answerClearBytes),
  })
}

/** What a side proves under encryption. */
export interface Proof {
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  readonly finish: Uint8Array
}

/** A proof as it is sealed. */
export function encodeProof(proof: Proof): Bytes {
  return concat(proof.publicKey, proof.signature, proof.finish)
}

/** The proof of a decrypted part. `bytes` have the length that decryption of a checked message leaves. */
export function decodeProof(bytes: Uint8Array): Proof {
  const signatureEnd = publicKeyBytes + signatureBytes
  return {
    publicKey: bytes.subarray(0, publicKeyBytes),
    signature: bytes.subarray(publicKeyBytes, signatureEnd),
    finish: bytes.subarray(signatureEnd, proofBytes),
  }
}

/** Why a listener refused a hello. Unauthenticated: a hint for a person, nothing more. */
export type RefusalReason = 'version' | 'suite' | 'network' | 'busy'

const refusalReasons: readonly RefusalReason[] = ['version', 'suite', 'network', 'busy']

/** The body of a refusal. */
export function encodeRefusal(reason: RefusalReason): Bytes {
  return new Uint8Array([refusalReasons.indexOf(reason) + 1])
}

/** The reason of a refusal. */
export function decodeRefusal(body: Uint8Array): Result<RefusalReason, ChannelFault> {
  if (body.length !== refusalBytes) return malformed('refusal', 'length')
  const reason = refusalReasons[body[0]! - 1]
  return reason === undefined ? malformed('refusal', 'reason') : ok(reason)
}

/** The cookie of a retry. */
export function decodeRetry(body: Uint8Array): Result<Uint8Array, ChannelFault> {
  return body.length === retryBytes ? ok(body) : malformed('retry', 'length')
}

/** ML-KEM coefficients are below q. Source: FIPS 203 section 2.4. */
const mlKemModulus = 3329
/** Bytes of the packed vector at the start of an ML-KEM-768 public key. Source: FIPS 203 table 3. */
const packedVectorBytes = 1152

/**
 * The modulus check: every packed 12-bit coefficient is below q. Done here as well as in the backends, so
 * that no backend's leniency can decide it. Source: FIPS 203 section 7.2.
 */
export function isMlKemKey(key: Uint8Array): boolean {
  if (key.length !== mlKemPublicKeyBytes) return false
  for (let at = 0; at < packedVectorBytes; at += 3) {
    const middle = key[at + 1]!
    if ((key[at]! | ((middle & 15) << 8)) >= mlKemModulus) return false
    if (((middle >> 4) | (key[at + 2]! << 4)) >= mlKemModulus) return false
  }
  return true
}

/** A counted list of distinct non-zero numbers, or `undefined`. */
function listAt(body: Uint8Array, at: number, most: number): readonly number[] | undefined {
  const count = body[at]
  if (count === undefined || count === 0 || count > most) return undefined
  const list = [...body.subarray(at + 1, at + 1 + count)]
  if (list.length !== count || list.includes(0)) return undefined
  return new Set(list).size === count ? list : undefined
}

function malformed(
  message: HandshakeMessage,
  field: string,
): { readonly ok: false; readonly fault: ChannelFault } {
  return fail({ code: 'transport/channel-malformed', message, field })
}
