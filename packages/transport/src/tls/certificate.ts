import { concat } from '@kithnet/kernel'
import { hash } from '@kithnet/types'
import {
  bitString,
  der,
  generalizedTime,
  integer,
  objectId,
  octetString,
  printableString,
  sequence,
  setOf,
  utcTime,
} from './der.ts'

/** id-ml-dsa-65. Source: RFC 9881 section 2. */
const mlDsa65 = sequence(objectId('2.16.840.1.101.3.4.3.18'))

/** Bytes before the key in the SubjectPublicKeyInfo of an ML-DSA-65 key. */
const publicKeyPrefixBytes = 22

/**
 * A self-signed X.509 v3 certificate of an ML-DSA-65 key, in DER. It says nothing but the key: names and times are
 * the same for everybody, and who the holder is follows from the key alone.
 *
 * Source: RFC 5280 section 4.1; RFC 9881 sections 2 to 4 (ML-DSA: pure mode, empty context, no parameters).
 */
export function selfSignedCertificate(
  publicKey: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const body = sequence(
    der(0xa0, integer(new Uint8Array([2]))),
    integer(serialOf(publicKey)),
    mlDsa65,
    name,
    sequence(utcTime('200101000000Z'), generalizedTime('99991231235959Z')),
    name,
    publicKeyInfo(publicKey),
    der(0xa3, sequence(digitalSignatureOnly)),
  )
  return sequence(body, mlDsa65, bitString(sign(body)))
}

/** The SubjectPublicKeyInfo of an ML-DSA-65 key, in DER. */
export function publicKeyInfo(publicKey: Uint8Array): Uint8Array {
  return sequence(mlDsa65, bitString(publicKey))
}

/** The raw ML-DSA-65 key of a SubjectPublicKeyInfo, or `undefined` when it is not one in exactly this form. */
export function publicKeyOf(info: Uint8Array): Uint8Array | undefined {
  const key = info.subarray(publicKeyPrefixBytes)
  if (key.length !== 1952) return undefined
  const expected = publicKeyInfo(key)
  for (let at = 0; at < publicKeyPrefixBytes; at++) if (info[at] !== expected[at]) return undefined
  return Uint8Array.from(key)
}

/** The private key of an ML-DSA-65 seed as PKCS #8, seed only. Source: RFC 9881 section 6. The caller wipes it. */
export function privateKeyInfo(seed: Uint8Array): Uint8Array {
  return sequence(
    integer(new Uint8Array([0])),
    mlDsa65,
    octetString(concat(new Uint8Array([0x80, seed.length]), seed)),
  )
}

/** DER in the armour that TLS libraries read. */
export function pem(label: string, bytes: Uint8Array): string {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** CN=kithnet. */
const name = sequence(setOf(sequence(objectId('2.5.4.3'), printableString('kithnet'))))

/** keyUsage, critical: digitalSignature. Source: RFC 5280 section 4.2.1.3; RFC 9881 section 5. */
const digitalSignatureOnly = sequence(
  objectId('2.5.29.15'),
  new Uint8Array([0x01, 0x01, 0xff]),
  octetString(new Uint8Array([0x03, 0x02, 0x07, 0x80])),
)

/** Fifteen bytes of the key's hash: unique, positive and at most 20 bytes. Source: RFC 5280 section 4.1.2.2. */
function serialOf(publicKey: Uint8Array): Uint8Array {
  const serial = hash('peer', publicKey).slice(0, 16)
  serial[0] = 1
  return serial
}
