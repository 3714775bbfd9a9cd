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
  | 'attestation'
  | 'checkpoint'
  | 'cosignature'
  | 'grant'
  | 'revocation'
  | 'capacity'
  | 'snapshot'
  | 'holding'
  | 'consent'
  | 'publication'
  | 'pledge'

/** A format of others whose signatures have the empty context: the ELRA record, version 1. */
export type ForeignFormat = 'elra'

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
  /** A witness has seen a record, at a time that it names. */
  attestation: utf8('kithnet/1/attestation'),
  /** What a peer holds, and the log of all that it has held. */
  checkpoint: utf8('kithnet/1/checkpoint'),
  /** Another peer has found a checkpoint to follow from the one before. */
  cosignature: utf8('kithnet/1/cosignature'),
  /** One peer vouches for another. */
  grant: utf8('kithnet/1/grant'),
  /** It takes that back. */
  revocation: utf8('kithnet/1/revocation'),
  /** What a peer can relay. */
  capacity: utf8('kithnet/1/capacity'),
  /** Who takes part in a stream, by its publisher. */
  snapshot: utf8('kithnet/1/snapshot'),
  /** Which symbols of a content a peer holds. */
  holding: utf8('kithnet/1/holding'),
  /** What the author of a content allows. */
  consent: utf8('kithnet/1/consent'),
  /** A content that its author offers, and its manifest. */
  publication: utf8('kithnet/1/publication'),
  /** How much a peer keeps for others. */
  pledge: utf8('kithnet/1/pledge'),
}

const noContext = new Uint8Array(0)

/** All domains, in the order of the table. */
export const domains: readonly Domain[] = Object.keys(contextByDomain) as Domain[]

/** The context of a domain, or the empty one of a foreign format, to be read only. */
export function contextOf(domain: Domain | ForeignFormat): Uint8Array {
  return domain === 'elra' ? noContext : contextByDomain[domain]
}

/**
 * True for bytes that begin as what an ELRA record's author signs: a lower-case UUID as text, then version 1. Nothing else
 * that is signed with the empty context begins so, which is why an identity signs no other bytes in that format.
 */
export function isElraPreimage(body: Uint8Array): boolean {
  if (body.length < elraPreimageBytes || body[36] !== 0 || body[37] !== 1) return false
  for (let at = 0; at < 36; at++) {
    const byte = body[at]!
    const dash = at === 8 || at === 13 || at === 18 || at === 23
    const digit = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
    if (dash ? byte !== 0x2d : !digit) return false
  }
  return true
}

/** Fewest bytes of what is signed of a record with an ML-DSA-65 key. Source: ELRA version 1, its fixed fields and `{}`. */
const elraPreimageBytes = 36 + 2 + 32 + 1952 + 8 + 2 + 1 + 4 + 2 + 4
