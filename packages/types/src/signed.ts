/** Bytes of an ML-DSA-65 public key. Source: FIPS 204 table 2. */
export const publicKeyBytes = 1952
/** Bytes of an ML-DSA-65 signature. Source: FIPS 204 table 2. */
export const signatureBytes = 3309

/** Canonical CBOR (profile `signed`) and an ML-DSA-65 signature over exactly these bytes. */
export interface Signed {
  readonly body: Uint8Array
  readonly signature: Uint8Array
}
