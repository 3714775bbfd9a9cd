import { utf8, wipe } from '@kithnet/kernel'
import { nodeModule } from '../host.ts'
import { pem, privateKeyInfo, selfSignedCertificate } from './certificate.ts'

/** The only application protocol. Source: our choice. */
export const tlsProtocol = 'kithnet/1'

/** The only key exchange. Source: draft-ietf-tls-ecdhe-mlkem. */
export const tlsGroup = 'X25519MLKEM768'

type Tls = typeof import('node:tls')
type Crypto = typeof import('node:crypto')

/** What makes TLS out of a host: its modules, when they are there. */
export interface TlsHost {
  readonly tls: Tls
  readonly crypto: Crypto
  readonly net: typeof import('node:net')
}

/** Node's modules, or `undefined` outside Node. */
export function tlsHost(): TlsHost | undefined {
  const tls = nodeModule('node:tls')
  const crypto = nodeModule('node:crypto')
  const net = nodeModule('node:net')
  if (tls === undefined || crypto === undefined || net === undefined) return undefined
  return { tls, crypto, net }
}

/**
 * The options of every TLS session, for a server and for a client: TLS 1.3, one hybrid key exchange, ML-DSA-65, no
 * tickets. Certificates are not judged by the library: a peer is its key, which `provenPeer` reads.
 */
export interface SessionOptions {
  readonly key: Buffer
  readonly cert: string
  readonly minVersion: 'TLSv1.3'
  readonly maxVersion: 'TLSv1.3'
  readonly ecdhCurve: string
  readonly sigalgs: string
  readonly ciphers: string
  readonly secureOptions: number
  readonly ALPNProtocols: string[]
  readonly requestCert: true
  readonly rejectUnauthorized: false
}

/** Session options for the key of a seed. Wipe `key` once no session is created from them any more. */
export function sessionOptions({ crypto }: TlsHost, seed: Uint8Array): SessionOptions {
  const info = privateKeyInfo(seed)
  const key = Buffer.from(pem('PRIVATE KEY', info))
  wipe(info)
  const privateKey = crypto.createPrivateKey(key)
  const spki = crypto.createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const raw = spki.subarray(spki.length - 1952)
  const cert = selfSignedCertificate(raw, (message) => crypto.sign(null, message, privateKey))
  return {
    key,
    cert: pem('CERTIFICATE', cert),
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ecdhCurve: tlsGroup,
    sigalgs: 'mldsa65',
    ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
    // Tickets would carry the other side's certificate twice, and nothing is ever resumed.
    secureOptions: crypto.constants.SSL_OP_NO_TICKET,
    ALPNProtocols: [tlsProtocol],
    requestCert: true,
    rejectUnauthorized: false,
  }
}

let available: boolean | undefined

/** True where this Node's TLS can do the key exchange and the signatures. Asks once. */
export function tlsAvailable(): boolean {
  available ??= probe()
  return available
}

function probe(): boolean {
  const host = tlsHost()
  if (host === undefined) return false
  try {
    host.tls.createSecureContext(sessionOptions(host, utf8('a probe of what this host can do')))
    return true
  } catch {
    return false
  }
}
