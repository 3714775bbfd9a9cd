import { CodedError, type Fault, type LinkDownCause, type Signal } from '@kithnet/kernel'
import { type Link, type LinkInfo, type NetworkId, type PeerId, shortId } from '@kithnet/types'
import { type AcceptedLimits, decodeAccept, encodeAccept, encodeRefuse } from './accept.ts'
import type { AcceptFault, RefusalReason, TransportFault } from './faults.ts'
import { acceptBytes, frameHeaderBytes, frameKind, readUint32 } from './frames.ts'
import { type LinkLimits, minInitialCreditBytes } from './limits.ts'
import { createLink } from './link.ts'
import type { Pipe } from './pipe.ts'

/** Who is at the two ends of a pipe, as its record layer has proven, and what the link between them is to be. */
export interface LinkOptions {
  readonly self: PeerId
  readonly network: NetworkId
  readonly remote: PeerId
  /** The ML-DSA-65 public key whose hash `remote` is. */
  readonly remoteKey: Uint8Array
  readonly info: LinkInfo
  readonly limits: LinkLimits
  /** Called when the link is gone, before its own `onClose`. */
  readonly whenGone?: (link: Link) => void
}

/**
 * Makes a link of a pipe: both sides send `accept` and neither hears anything else before the other's. Takes over the
 * pipe, and has destroyed it when it throws.
 *
 * @throws CodedError with an `AcceptFault`; the reason of `signal` when it aborts.
 */
export async function openLink(pipe: Pipe, options: LinkOptions, signal?: Signal): Promise<Link> {
  const { limits } = options
  const ours: AcceptedLimits = {
    maxMessageBytes: limits.maxMessageBytes,
    maxBulkMessageBytes: limits.maxBulkMessageBytes,
    maxStreams: limits.maxStreams,
    initialCreditBytes: minInitialCreditBytes,
  }
  if (options.remote === options.self) {
    pipe.write(encodeRefuse('peer'))
    pipe.end()
    throw acceptError({ code: 'transport/own-peer' }, options)
  }
  const reading = readFirstFrame(pipe, signal)
  pipe.write(encodeAccept(options.self, options.network, ours))
  const first = await reading
  if ('fault' in first) throw acceptError(first.fault, options)
  const decoded = decodeAccept(first.kind, first.body, options.remote, options.network)
  if (!decoded.ok) {
    const reason = refusalFor(decoded.fault)
    if (reason !== undefined) pipe.write(encodeRefuse(reason))
    pipe.end()
    throw acceptError(decoded.fault, options)
  }
  const { initialCreditBytes } = ours
  return createLink(pipe, { ...options, theirs: decoded.value, initialCreditBytes }, first.rest)
}

interface FirstFrame {
  readonly kind: number
  readonly body: Uint8Array
  readonly rest: Uint8Array
}

/** Reads one `accept` or `refuse` and pauses the pipe at once; what came behind it is kept. */
function readFirstFrame(
  pipe: Pipe,
  signal: Signal | undefined,
): Promise<FirstFrame | { readonly fault: AcceptFault }> {
  return new Promise((resolve, reject) => {
    let have: Uint8Array = new Uint8Array(0)
    const settle = (): void => {
      signal?.removeEventListener('abort', onAbort)
      pipe.pause()
      pipe.onData = () => {}
      pipe.onClose = () => {}
    }
    const onAbort = (): void => {
      settle()
      pipe.destroy()
      // The caller's own reason, whatever it is.
      reject(signal?.reason)
    }
    const fail = (fault: AcceptFault): void => {
      settle()
      pipe.destroy(fault)
      resolve({ fault })
    }
    if (signal?.aborted === true) {
      onAbort()
      return
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    pipe.onClose = (_cause: LinkDownCause, fault?: Fault) => {
      settle()
      resolve({
        fault: (fault as AcceptFault | undefined) ?? { code: 'transport/handshake-ended' },
      })
    }
    pipe.onData = (chunk) => {
      have = have.length === 0 ? chunk : joined(have, chunk)
      const needed = neededBytes(have)
      if (typeof needed !== 'number') {
        fail(needed)
        return
      }
      if (have.length < needed) return
      settle()
      const body = have.subarray(frameHeaderBytes, needed)
      resolve({ kind: have[0]!, body, rest: have.subarray(needed) })
    }
    pipe.resume()
  })
}

/** Bytes of the first frame, as far as they can be told; anything but an exact header is refused at once. */
function neededBytes(have: Uint8Array): number | AcceptFault {
  const kind = have[0]!
  if (kind !== frameKind.accept && kind !== frameKind.refuse) {
    return { code: 'transport/accept-malformed', field: 'kind' }
  }
  if (have.length < frameHeaderBytes) return frameHeaderBytes
  const length = kind === frameKind.accept ? acceptBytes : 1
  if ((readUint32(have, 0) & 0xffffff) !== length) {
    return { code: 'transport/accept-malformed', field: 'length' }
  }
  if (readUint32(have, 4) !== 0) return { code: 'transport/accept-malformed', field: 'stream' }
  return frameHeaderBytes + length
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

function refusalFor(fault: AcceptFault): RefusalReason | undefined {
  switch (fault.code) {
    case 'transport/wrong-network':
      return 'network'
    case 'transport/wrong-version':
      return 'version'
    case 'transport/accept-malformed':
      return 'malformed'
    default:
      return undefined
  }
}

/** The fault as an error whose sentence tells what to do. */
export function acceptError(
  fault: AcceptFault,
  { info, remote }: { readonly info: LinkInfo; readonly remote: PeerId },
): CodedError<TransportFault> {
  return new CodedError<TransportFault>(fault, acceptSentence(fault, info.address, remote))
}

function acceptSentence(fault: AcceptFault, address: string, remote: PeerId): string {
  switch (fault.code) {
    case 'transport/wrong-network':
      return `The peer at ${address} belongs to another network. Use the same network name on both sides.`
    case 'transport/wrong-version':
      return `The peer at ${address} speaks version ${fault.got} of the link protocol. Update the older side.`
    case 'transport/wrong-peer':
      return `${address} answered as peer ${shortId(fault.got)}, not ${shortId(fault.expected)}. Ask for its current address or id.`
    case 'transport/own-peer':
      return `${address} is this peer itself. Dial another peer.`
    case 'transport/refused':
      return refusedSentence(fault.reason, address)
    case 'transport/handshake-timeout':
      return `${address} did not finish the handshake within ${fault.timeoutMs} ms. Check that a peer listens there, and try again.`
    case 'transport/handshake-ended':
      return `${address} ended the connection during the handshake. It may have refused us; try again later.`
    case 'transport/accept-malformed':
      return `Peer ${shortId(remote)} at ${address} does not speak the link protocol (${fault.field}). Check the address.`
  }
}

function refusedSentence(reason: RefusalReason, address: string): string {
  switch (reason) {
    case 'network':
      return `The peer at ${address} refused us: it belongs to another network. Use the same network name on both sides.`
    case 'version':
      return `The peer at ${address} refused us: it speaks another version of the link protocol. Update the older side.`
    case 'busy':
      return `The peer at ${address} refused us: it is busy. Try again later.`
    case 'peer':
    case 'malformed':
      return `The peer at ${address} refused us (${reason}). Check the address and the versions on both sides.`
  }
}
