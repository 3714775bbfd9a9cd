import { CodedError, type Result, type Signal } from '@kithnet/kernel'
import type { Address, DialOptions, Link } from '@kithnet/types'
import type { SecureContext, TLSSocket } from 'node:tls'
import { wrongPeer } from '../dialling.ts'
import type { AcceptFault, TlsFault, TransportFault, UseFault } from '../faults.ts'
import { later } from '../host.ts'
import type { Pipe } from '../pipe.ts'
import type { SessionOptions } from './credentials.ts'
import { provenPeer, type ProvenPeer } from './proven-peer.ts'
import { TlsPipe } from './tls-pipe.ts'

/** What dialling needs of its transport. */
export interface Dialler {
  readonly tls: typeof import('node:tls')
  readonly context: SecureContext
  readonly session: SessionOptions
  readonly handshakeTimeoutMs: number
  open(pipe: Pipe, peer: ProvenPeer, signal: AbortSignal): Promise<Link>
}

/** Where to, and whom. */
export interface Target extends DialOptions {
  readonly where: Address
  readonly host: string
  readonly port: number
}

/**
 * Connects, proves who answers before our own certificate leaves, and exchanges `accept`. One deadline covers all
 * of it.
 */
export async function dialTls(dialler: Dialler, target: Target): Promise<Link> {
  const abort = new AbortController()
  const timeoutMs = dialler.handshakeTimeoutMs
  const deadline = later(timeoutMs, () => abort.abort(timeoutError(target.where, timeoutMs)))
  const onAbort = (): void => abort.abort(target.signal?.reason)
  target.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const { pipe, peer } = await connect(dialler, target, abort.signal)
    return await dialler.open(pipe, peer, abort.signal)
  } finally {
    deadline[Symbol.dispose]()
    target.signal?.removeEventListener('abort', onAbort)
  }
}

interface Connected {
  readonly pipe: Pipe
  readonly peer: ProvenPeer
}

function connect(dialler: Dialler, target: Target, signal: Signal): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const socket = dialler.tls.connect({
      host: target.host,
      port: target.port,
      secureContext: dialler.context,
      minVersion: dialler.session.minVersion,
      ALPNProtocols: dialler.session.ALPNProtocols,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      // No name: whom we dial is nobody's business, and the key is the identity.
      servername: '',
    })
    let reached = false
    const fail = (error: unknown): void => {
      settle()
      socket.destroy()
      // An abort's reason is the caller's own, whatever it is.
      reject(error)
    }
    const onAbort = (): void => fail(signal.reason)
    const onClose = (): void => fail(brokenError(target.where, reached))
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('close', onClose)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => {
      reached = true
    })
    socket.on('error', (error) => fail(brokenError(target.where, reached, error)))
    socket.once('close', onClose)
    socket.once('secureConnect', () => {
      const judged = judge(socket, target)
      if (!judged.ok) {
        fail(judged.error)
        return
      }
      settle()
      resolve({ pipe: new TlsPipe(socket), peer: judged.peer })
    })
  })
}

type Judgement =
  | { readonly ok: true; readonly peer: ProvenPeer }
  | { readonly ok: false; readonly error: CodedError<TransportFault> }

/** Runs before our certificate leaves, so that a wrong peer does not learn who dialled. */
function judge(socket: TLSSocket, { where, expect }: Target): Judgement {
  const peer: Result<ProvenPeer, TlsFault> = provenPeer(socket, 'client')
  if (!peer.ok) {
    const error = new CodedError<TransportFault>(
      peer.fault,
      `What answers at ${where} is no peer of this kind. Check the address.`,
    )
    return { ok: false, error }
  }
  if (expect !== undefined && expect !== peer.value.peer) {
    return { ok: false, error: wrongPeer(where, expect, peer.value.peer) }
  }
  return { ok: true, peer: peer.value }
}

function timeoutError(where: Address, timeoutMs: number): CodedError<AcceptFault> {
  return new CodedError<AcceptFault>(
    { code: 'transport/handshake-timeout', timeoutMs },
    `${where} did not finish the handshake within ${timeoutMs} ms. Check that a peer listens there, and try again.`,
  )
}

function brokenError(
  where: Address,
  reached: boolean,
  cause?: Error,
): CodedError<UseFault | TlsFault | AcceptFault> {
  const options = cause === undefined ? {} : { cause }
  if (!reached) {
    const code = codeOf(cause)
    return new CodedError<UseFault>(
      { code: 'transport/unreachable', address: where },
      `Nobody answers at ${where} (${code}). Check that the peer runs, and its address.`,
      options,
    )
  }
  if (cause !== undefined && 'library' in cause) {
    return new CodedError<TlsFault>(
      { code: 'transport/tls-rejected', what: 'handshake' },
      `The TLS handshake with ${where} failed. Check that a peer of this kind listens there.`,
      options,
    )
  }
  return new CodedError<AcceptFault>(
    { code: 'transport/handshake-ended' },
    `${where} ended the connection during the handshake. It may be busy; try again later.`,
    options,
  )
}

function codeOf(cause: Error | undefined): string {
  return cause !== undefined && 'code' in cause ? String(cause.code) : 'no answer'
}
