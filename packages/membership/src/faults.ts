import type { Fault } from '@kithnet/kernel'

/** A well-formed CBOR value that is no membership message. */
export interface MembershipFault extends Fault {
  readonly code: 'membership/bad-message'
  /** Which message, and which of its fields. */
  readonly field: string
}
