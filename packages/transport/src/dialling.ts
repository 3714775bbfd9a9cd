import { CodedError } from '@kithnet/kernel'
import { type Address, type DialOptions, type PeerId, shortId } from '@kithnet/types'
import type { AcceptFault, UseFault } from './faults.ts'

/** @throws CodedError `transport/whom` when a dialler neither expects a peer nor allows a first contact. */
export function requireWhom(options: DialOptions): void {
  if (options.expect !== undefined || options.firstContact === true) return
  throw new CodedError<UseFault>(
    { code: 'transport/whom' },
    'Say whom you dial with expect, or pass firstContact: true to trust whoever answers.',
  )
}

/** Somebody else answered. */
export function wrongPeer(where: Address, expected: PeerId, got: PeerId): CodedError<AcceptFault> {
  return new CodedError<AcceptFault>(
    { code: 'transport/wrong-peer', expected, got },
    `${where} answered as peer ${shortId(got)}, not ${shortId(expected)}. Ask for its current address or id.`,
  )
}

/** The transport was closed before. */
export function transportClosed(): CodedError<UseFault> {
  return new CodedError<UseFault>(
    { code: 'transport/closed' },
    'This transport is closed. Create another one.',
  )
}
