import { CodedError, type Fault } from '@kithnet/kernel'

/** Another process, or another store of this one, has the file. */
export interface LockedFault extends Fault {
  readonly code: 'store/locked'
  readonly path: string
}

/** The disk, or the size that the store may have, is used up. Nothing of the call was written. */
export interface FullFault extends Fault {
  readonly code: 'store/full'
  readonly path: string
}

/** The file is not a store, or was damaged. */
export interface CorruptFault extends Fault {
  readonly code: 'store/corrupt'
  readonly path: string
  readonly reason: string
}

/** A newer Kithnet wrote the file. */
export interface VersionFault extends Fault {
  readonly code: 'store/version'
  readonly path: string
  readonly found: number
  readonly supported: number
}

/** The file cannot be opened, read or written, for the host's reason. */
export interface UnavailableFault extends Fault {
  readonly code: 'store/unavailable'
  readonly path: string
  readonly reason: string
}

/** The store was closed before the call. */
export interface ClosedFault extends Fault {
  readonly code: 'store/closed'
}

/** An argument is longer than the store takes. */
export interface TooLargeFault extends Fault {
  readonly code: 'store/too-large'
  readonly what: 'name' | 'key' | 'value' | 'batch'
  /** Bytes; for `batch` bytes or entries. */
  readonly size: number
  readonly max: number
}

/** Everything that a store's promises reject with. */
export type StoreFault =
  | LockedFault
  | FullFault
  | CorruptFault
  | VersionFault
  | UnavailableFault
  | ClosedFault
  | TooLargeFault

/** The error of a fault, with a sentence that says what to do. */
export function storeError(fault: StoreFault, cause?: unknown): CodedError<StoreFault> {
  return new CodedError(fault, sentence(fault), cause === undefined ? undefined : { cause })
}

function sentence(fault: StoreFault): string {
  switch (fault.code) {
    case 'store/locked':
      return `${fault.path} is in use: stop the other node, or give this one another folder`
    case 'store/full':
      return `No room left to write to ${fault.path}: free some disk space or allow the store more`
    case 'store/corrupt':
      return `${fault.path} is not what a store wrote (${fault.reason}): move the file away, then restore a backup or start afresh`
    case 'store/version':
      return `${fault.path} has format ${fault.found}, this version reads up to ${fault.supported}: upgrade Kithnet`
    case 'store/unavailable':
      return `${fault.path} cannot be used (${fault.reason}): check the path, its permissions and the disk`
    case 'store/closed':
      return 'The store was closed: open it again'
    case 'store/too-large':
      return `A ${fault.what} of ${fault.size} exceeds the bound of ${fault.max}: split it`
  }
}
