import { utf8 } from '@kithnet/kernel'

/** What a signature is about. A signature made for one domain is invalid in every other. */
export type Domain =
  | 'batch'
  | 'descriptor'
  | 'handshake'
  | 'rotation'
  | 'succession'
  | 'advert'
  | 'binding'
  | 'receipt'

/**
 * The one table of FIPS 204 (and FIPS 205) contexts. None is empty: the empty context belongs to TLS, X.509 and foreign
 * formats, so nothing signed there can pass for something signed here. Source: our choice.
 */
const contextByDomain: Readonly<Record<Domain, Uint8Array>> = {
  /** Up to 64 message ids of one author, stream and topic. */
  batch: utf8('kithnet/1/batch'),
  /** What a peer says of itself: addresses and incarnation. */
  descriptor: utf8('kithnet/1/descriptor'),
  /** The transcript of a `pq-channel`. */
  handshake: utf8('kithnet/1/handshake'),
  /** An old key names its successor. */
  rotation: utf8('kithnet/1/rotation'),
  /** The new key agrees to succeed. */
  succession: utf8('kithnet/1/succession'),
  /** What a coordinator offers. */
  advert: utf8('kithnet/1/advert'),
  /** A key of another scheme belongs to this identity. */
  binding: utf8('kithnet/1/binding'),
  /** A peer has received a message. */
  receipt: utf8('kithnet/1/receipt'),
}

/** All domains, in the order of the table. */
export const domains: readonly Domain[] = Object.keys(contextByDomain) as Domain[]

/** The context of a domain, to be read only. */
export function contextOf(domain: Domain): Uint8Array {
  return contextByDomain[domain]
}
