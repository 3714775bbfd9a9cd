import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto'
import { createIdentity } from '@kithnet/identity'
import { describe, expect, it } from 'vitest'
import {
  pem,
  privateKeyInfo,
  publicKeyInfo,
  publicKeyOf,
  selfSignedCertificate,
} from '../../src/tls/certificate.ts'
import { der, integer, objectId, sequence } from '../../src/tls/der.ts'
import { tlsAvailable } from '../../src/tls/index.ts'

describe('DER', () => {
  it('writes lengths in their shortest form', () => {
    expect([...der(4, new Uint8Array(127)).subarray(0, 2)]).toEqual([4, 127])
    expect([...der(4, new Uint8Array(128)).subarray(0, 3)]).toEqual([4, 0x81, 128])
    expect([...der(4, new Uint8Array(256)).subarray(0, 4)]).toEqual([4, 0x82, 1, 0])
    expect([...der(4, new Uint8Array(65_536)).subarray(0, 5)]).toEqual([4, 0x83, 1, 0, 0])
    expect([...sequence()]).toEqual([0x30, 0])
  })

  it('writes integers without a sign and without leading zeros', () => {
    expect([...integer(new Uint8Array([0]))]).toEqual([2, 1, 0])
    expect([...integer(new Uint8Array([0, 0, 127]))]).toEqual([2, 1, 127])
    expect([...integer(new Uint8Array([128]))]).toEqual([2, 2, 0, 128])
  })

  it('writes object identifiers', () => {
    // Source: ITU-T X.690 section 8.19.5.
    expect([...objectId('2.999.3')]).toEqual([6, 3, 0x88, 0x37, 3])
    expect([...objectId('1.2.840.113549')]).toEqual([6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d])
  })
})

describe.skipIf(!tlsAvailable())('a certificate', () => {
  it('is what Node reads back: v3, self-signed, valid for ever, of the identity key', () => {
    const identity = createIdentity()
    const seed = identity.exportSeed('ml-dsa-65')
    const key = createPrivateKey(pem('PRIVATE KEY', privateKeyInfo(seed)))
    const written = selfSignedCertificate(identity.publicKey, (message) => sign(null, message, key))
    const certificate = new X509Certificate(written)
    expect(certificate.publicKey.asymmetricKeyType).toBe('ml-dsa-65')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect([certificate.subject, certificate.issuer]).toEqual(['CN=kithnet', 'CN=kithnet'])
    expect(certificate.validToDate.getUTCFullYear()).toBe(9999)
    const info = certificate.publicKey.export({ type: 'spki', format: 'der' })
    expect(publicKeyOf(info)).toEqual(identity.publicKey)
    expect(createPublicKey(key).export({ type: 'spki', format: 'der' }).equals(info)).toBe(true)
    expect(written.length).toBeLessThan(5_500)
  })

  it('names no key in any other form', () => {
    const info = publicKeyInfo(new Uint8Array(1952).fill(7))
    expect(publicKeyOf(info)).toEqual(new Uint8Array(1952).fill(7))
    for (let at = 0; at < 22; at++) {
      const other = info.slice()
      other[at]! ^= 1
      expect(publicKeyOf(other), `byte ${at}`).toBeUndefined()
    }
    expect(publicKeyOf(info.subarray(1))).toBeUndefined()
    expect(publicKeyOf(new Uint8Array(0))).toBeUndefined()
  })
})
