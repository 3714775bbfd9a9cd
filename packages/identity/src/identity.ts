import { assert, type Bytes, ok, type Result, wipe } from '@kithnet/kernel'
import { type PeerId, peerIdOf, shortId } from '@kithnet/types'
import { type Domain, type ForeignFormat, isElraPreimage } from './domain.ts'
import type { PhraseFault } from './faults.ts'
import { randomBytes } from './host.ts'
import { isPhraseOf, phraseOf, rootFromPhrase } from './recovery-phrase.ts'
import { deriveSeed, rootBytes, type SeedPurpose } from './seeds.ts'
import { mlDsaScheme, type SignatureScheme, type SigningKey } from './signature-scheme.ts'

/** Where `console.log` and `util.inspect` of Node look for what to print. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom')

/**
 * An author: one 32-byte root and the keys derived from it. It shows only public things when printed or
 * serialised; secrets leave it through the methods whose name begins with `export`.
 */
export class Identity implements Disposable {
  readonly peer: PeerId
  /** The ML-DSA-65 public key, 1,952 bytes, to be read only. */
  readonly publicKey: Bytes
  readonly #root: Bytes
  readonly #key: SigningKey
  #disposed = false

  /** Use `createIdentity`. The root is copied. */
  constructor(root: Uint8Array, scheme: SignatureScheme) {
    assert(root.length === rootBytes, 'a root has 32 bytes')
    this.#root = Uint8Array.from(root)
    const seed = deriveSeed(this.#root, 'ml-dsa-65')
    this.#key = scheme.signingKey(seed)
    wipe(seed)
    this.publicKey = this.#key.publicKey
    this.peer = peerIdOf(this.publicKey)
    Object.defineProperty(this, inspectCustom, { value: () => this.toString() })
  }

  /**
   * Signs a body for one domain, or what is signed of a record in its foreign format, off the event loop. The body may
   * change once the call has returned.
   */
  async sign(domain: Domain | ForeignFormat, body: Uint8Array): Promise<Bytes> {
    assert(!this.#disposed, 'a disposed identity signs nothing')
    assert(domain !== 'elra' || isElraPreimage(body), 'only records are signed without a context')
    return this.#key.sign(domain, body)
  }

  /**
   * A copy of one secret seed, for the one who must hold the key elsewhere: the ML-DSA-65 seed for a TLS
   * certificate, the X-Wing seed for decapsulation. The caller wipes it.
   */
  exportSeed(purpose: SeedPurpose): Bytes {
    assert(!this.#disposed, 'a disposed identity has no secrets')
    return deriveSeed(this.#root, purpose)
  }

  /** A copy of the root: the whole identity. The caller wipes it. */
  exportRoot(): Bytes {
    assert(!this.#disposed, 'a disposed identity has no secrets')
    return Uint8Array.from(this.#root)
  }

  /** The 24 words that encode the root. Show them once, store them nowhere. */
  exportPhrase(): string {
    assert(!this.#disposed, 'a disposed identity has no secrets')
    return phraseOf(this.#root)
  }

  /** True when these words would bring this identity back. */
  verifyPhrase(phrase: string): boolean {
    assert(!this.#disposed, 'a disposed identity has no secrets')
    return isPhraseOf(phrase, this.#root)
  }

  /** Wipes the secrets; the public half stays readable. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#key[Symbol.dispose]()
    wipe(this.#root)
  }

  /** Only what is public. */
  toJSON(): { readonly peer: PeerId } {
    return { peer: this.peer }
  }

  toString(): string {
    return `Identity(${shortId(this.peer)})`
  }
}

/** An identity of a 32-byte root, or of a fresh random one. The root is copied: wipe yours. */
export function createIdentity(
  root?: Uint8Array,
  scheme: SignatureScheme = mlDsaScheme(),
): Identity {
  if (root !== undefined) return new Identity(root, scheme)
  const fresh = randomBytes(rootBytes)
  const identity = new Identity(fresh, scheme)
  wipe(fresh)
  return identity
}

/** The identity that 24 words encode. */
export function identityFromPhrase(
  phrase: string,
  scheme: SignatureScheme = mlDsaScheme(),
): Result<Identity, PhraseFault> {
  const root = rootFromPhrase(phrase)
  if (!root.ok) return root
  const identity = new Identity(root.value, scheme)
  wipe(root.value)
  return ok(identity)
}
