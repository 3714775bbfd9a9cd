import { type Bytes, equalBytes, type Instant, instant, seededRng } from '@kithnet/kernel'
import { publicKeyBytes, signatureBytes } from '@kithnet/types'
import { usAt } from './timeline.ts'

/** How long signing and verifying take on a real machine. */
export interface SignatureCosts {
  readonly signUs: number
  readonly verifyUs: number
}

/** ML-DSA-65 in `node:crypto`. Source: measured on Node 26, x64. */
export const nativeCosts: SignatureCosts = { signUs: 530, verifyUs: 120 }

/** ML-DSA-65 in JavaScript. Source: measured on Node 26, x64. */
export const nobleCosts: SignatureCosts = { signUs: 4500, verifyUs: 1300 }

/** Both halves of a test key. */
export interface TestKeys {
  readonly publicKey: Bytes
  /** The seed. */
  readonly secretKey: Bytes
}

/** One signature to check. */
export interface TestClaim {
  readonly domain: string
  readonly publicKey: Uint8Array
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

/** The secret half of a test key, in the form in which `identity` holds one. */
export interface TestSigningKey extends Disposable {
  readonly publicKey: Bytes
  sign(domain: string, body: Uint8Array): Promise<Bytes>
}

/**
 * Signatures for simulations: the sizes of ML-DSA-65, deterministic, a few microseconds each. Any changed
 * bit is found; whoever knows the public key can sign, so it protects nothing. Has the shape of identity's
 * `SignatureScheme`, and synchronous forms beside it.
 */
export interface TestScheme {
  readonly name: string
  /** What a simulation adds as virtual time. */
  readonly costs: SignatureCosts
  keygen(seed: Uint8Array): TestKeys
  signSync(secretKey: Uint8Array, domain: string, body: Uint8Array): Bytes
  signingKey(seed: Uint8Array): TestSigningKey
  verifySync(claim: TestClaim): boolean
  verify(claim: TestClaim): Promise<boolean>
  verifyAll(claims: readonly TestClaim[]): Promise<readonly boolean[]>
}

/** A test scheme that claims to cost as much as a real one. */
export function testScheme(costs: SignatureCosts = nativeCosts): TestScheme {
  const keygen = (seed: Uint8Array): TestKeys => {
    const publicKey = new Uint8Array(publicKeyBytes)
    const digest = new Digest().text('test key').bytes(seed)
    digest.expandInto(publicKey)
    return { publicKey, secretKey: Uint8Array.from(seed) }
  }
  const publicKeys = new WeakMap<Uint8Array, Bytes>()
  const publicKeyOf = (secretKey: Uint8Array): Bytes => {
    const known = publicKeys.get(secretKey)
    if (known !== undefined) return known
    const { publicKey } = keygen(secretKey)
    publicKeys.set(secretKey, publicKey)
    return publicKey
  }
  const sign = (publicKey: Uint8Array, domain: string, body: Uint8Array): Bytes => {
    const signature = new Uint8Array(signatureBytes)
    new Digest().text(domain).bytes(publicKey).bytes(body).expandInto(signature)
    return signature
  }
  const verifySync = ({ domain, publicKey, body, signature }: TestClaim): boolean => {
    if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
    return equalBytes(sign(publicKey, domain, body), signature)
  }
  return {
    name: 'test',
    costs,
    keygen,
    signSync: (secretKey, domain, body) => sign(publicKeyOf(secretKey), domain, body),
    signingKey(seed) {
      const { publicKey } = keygen(seed)
      return {
        publicKey,
        sign: (domain, body) => Promise.resolve(sign(publicKey, domain, body)),
        [Symbol.dispose]: () => {},
      }
    },
    verifySync,
    verify: (claim) => Promise.resolve(verifySync(claim)),
    verifyAll: (claims) => Promise.resolve(claims.map(verifySync)),
  }
}

/**
 * A queue before one or more virtual cores: when work that is handed in now will be done. A simulation
 * injects a verification's result then.
 */
export class VirtualCores {
  readonly #freeAtUs: number[]

  constructor(cores = 1) {
    this.#freeAtUs = Array.from({ length: cores }, () => 0)
  }

  /** Occupies the first free core; answers when it is done. */
  work(now: Instant, costUs: number): Instant {
    let first = 0
    for (const [core, at] of this.#freeAtUs.entries()) if (at < this.#freeAtUs[first]!) first = core
    const doneUs = Math.max(usAt(now), this.#freeAtUs[first]!) + costUs
    this.#freeAtUs[first] = doneUs
    return instant(doneUs / 1000)
  }
}

/** 128 bits over everything taken in, quick and good enough against accident. Multipliers: MurmurHash3, xxHash32. */
class Digest {
  readonly #lanes = new Int32Array([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344])

  text(value: string): this {
    for (let index = 0; index < value.length; index++) this.#word(value.charCodeAt(index))
    this.#word(value.length)
    return this
  }

  bytes(value: Uint8Array): this {
    const whole = value.length & ~3
    for (let at = 0; at < whole; at += 4) {
      this.#word(
        value[at]! | (value[at + 1]! << 8) | (value[at + 2]! << 16) | (value[at + 3]! << 24),
      )
    }
    for (let at = whole; at < value.length; at++) this.#word(value[at]!)
    this.#word(value.length)
    return this
  }

  /** The digest, and pseudo-random bytes that follow from it. */
  expandInto(out: Uint8Array): void {
    for (let round = 0; round < 4; round++) this.#word(round)
    const lanes = this.#lanes
    for (let at = 0; at < 16; at++) out[at] = lanes[at >> 2]! >>> (8 * (at & 3))
    const rng = seededRng(lanes[0]! ^ lanes[1]! ^ lanes[2]! ^ lanes[3]!)
    out.set(rng.bytes(out.length - 16), 16)
  }

  #word(value: number): void {
    const lanes = this.#lanes
    const mixed = Math.imul(lanes[0]! ^ value, 0x9e3779b1)
    const turned = (mixed << 15) | (mixed >>> 17)
    lanes[0] = lanes[1]! + turned
    lanes[1] = Math.imul(lanes[2]! ^ turned, 0x85ebca6b)
    lanes[2] = lanes[3]! ^ (mixed >>> 13)
    lanes[3] = Math.imul(turned + value, 0xc2b2ae35)
  }
}
