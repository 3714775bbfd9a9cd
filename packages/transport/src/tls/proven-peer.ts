import { fail, ok, type Result } from '@kithnet/kernel'
import { type PeerId, peerIdOf } from '@kithnet/types'
import type { TLSSocket } from 'node:tls'
import type { TlsFault } from '../faults.ts'
import { publicKeyOf } from './certificate.ts'
import { tlsGroup, tlsProtocol } from './credentials.ts'

/** Who is at the other end of a TLS session. */
export interface ProvenPeer {
  readonly peer: PeerId
  readonly publicKey: Uint8Array
  /** The negotiated cryptography. */
  readonly suite: string
}

/**
 * The peer that a fresh TLS session has proven: the holder of the key in its certificate, who signed the handshake
 * with it. Call it synchronously when the session stands, because one turn later a client's own certificate has left.
 */
export function provenPeer(
  socket: TLSSocket,
  side: 'client' | 'server',
): Result<ProvenPeer, TlsFault> {
  if (socket.getProtocol() !== 'TLSv1.3') return rejected('protocol')
  if (socket.alpnProtocol !== tlsProtocol) return rejected('alpn')
  if (socket.isSessionReused()) return rejected('resumed')
  // The library tells the group to clients only; a server offers no other.
  if (side === 'client' && groupOf(socket) !== tlsGroup) return rejected('group')
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return rejected('certificate')
  const key = certificate.publicKey
  const publicKey = publicKeyOf(key.export({ type: 'spki', format: 'der' }))
  if (publicKey === undefined || !certificate.verify(key)) return rejected('certificate')
  const cipher = socket
    .getCipher()
    .standardName.replace(/^TLS_|_SHA\d+$/g, '')
    .replaceAll('_', '-')
  const suite = `TLS1.3 ${tlsGroup} ML-DSA-65 ${cipher}`
  return ok({ peer: peerIdOf(publicKey), publicKey, suite })
}

function groupOf(socket: TLSSocket): string | undefined {
  const info = socket.getEphemeralKeyInfo()
  return info !== null && 'name' in info ? info.name : undefined
}

function rejected(
  what: Extract<TlsFault, { code: 'transport/tls-rejected' }>['what'],
): Result<never, TlsFault> {
  return fail({ code: 'transport/tls-rejected', what })
}
