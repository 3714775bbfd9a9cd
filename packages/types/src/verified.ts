declare const verified: unique symbol

/**
 * A value decoded from the very bytes whose signature was checked. Minted only in `identity/verify.ts`,
 * also when a node reads its own store.
 */
export type Verified<T> = T & { readonly [verified]: true }
