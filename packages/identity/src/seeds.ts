import { type Bytes, utf8 } from '@kithnet/kernel'
import type { Backend, SlhDsaSet } from './backend.ts'
import { selectBackend } from './select-backend.ts'

/** What a seed is for. Every parameter set of SLH-DSA has its own. */
export type SeedPurpose = 'ml-dsa-65' | 'x-wing' | 'ed25519' | SlhDsaSet

/** Bytes of an identity's root, from which all its keys come: what 24 words encode. */
export const rootBytes = 32

/**
 * The seed of one purpose: HKDF-SHA256 of the root, salted with `kithnet/1/root`, for
 * `kithnet/1/seed/<purpose>`. Knowing one seed says nothing of another or of the root. Source: RFC 5869
 * section 3.2, labels our choice.
 */
export function deriveSeed(
  root: Uint8Array,
  purpose: SeedPurpose,
  backend: Backend = selectBackend(),
): Bytes {
  const info = utf8(`kithnet/1/seed/${purpose}`)
  return backend.hkdfSha256(root, utf8('kithnet/1/root'), info, seedBytesOf(purpose))
}

/** Bytes of a purpose's seed. Source: FIPS 204 and RFC 8032 (32), X-Wing section 5.2 (32), FIPS 205 table 2 (3n). */
export function seedBytesOf(purpose: SeedPurpose): number {
  const set = /^slh-dsa-(?:sha2|shake)-(128|192|256)[sf]$/.exec(purpose)
  return set === null ? 32 : (3 * Number(set[1])) / 8
}
