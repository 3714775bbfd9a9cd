import { type SignedKind, verifySignedSync } from '@kithnet/identity'
import { type EpochMs, epochMs, type Fault, seededRng, toHex } from '@kithnet/kernel'
import { testScheme } from '@kithnet/testkit'
import { hash, networkId, peerIdOf, type PeerId, type Signed, type Verified } from '@kithnet/types'

/** Signatures of real sizes that cost microseconds. */
export const scheme = testScheme()
export const network = networkId('holonomic tests')
/** A moment at which everything in these tests happens. */
export const noon: EpochMs = epochMs(1_800_000_000_000)
export const hourMs = 3_600_000

/** A peer with a key. */
export interface Actor {
  readonly peer: PeerId
  readonly publicKey: Uint8Array
  sign<T, F extends Fault>(kind: SignedKind<T, F>, body: Uint8Array): Signed
  /** Signs a body and checks it, as whoever receives it does. */
  say<T, F extends Fault>(kind: SignedKind<T, F>, body: Uint8Array): Verified<T>
}

export function actor(name: string): Actor {
  const keys = scheme.keygen(seededRng(name).bytes(32))
  const sign = <T, F extends Fault>(kind: SignedKind<T, F>, body: Uint8Array): Signed => ({
    body,
    signature: scheme.signSync(keys.secretKey, kind.domain, body),
  })
  return {
    peer: peerIdOf(keys.publicKey),
    publicKey: keys.publicKey,
    sign,
    say(kind, body) {
      const verified = verifySignedSync(kind, sign(kind, body), keys.publicKey, scheme)
      if (!verified.ok) throw new Error(verified.fault.code)
      return verified.value
    },
  }
}

/** As many peers, by their place. */
export function actors(count: number, name = 'peer'): readonly Actor[] {
  return Array.from({ length: count }, (_, index) => actor(`${name} ${index}`))
}

/** 64 hex digits that stand for a content. */
export function contentOf(name: string): string {
  return toHex(hash('trace', new TextEncoder().encode(name)))
}
