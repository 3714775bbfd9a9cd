import type { Fault } from '@kithnet/kernel'
import type { FountainPolicy } from './policy.ts'
import type { PayloadId, TransferInfo } from './transfer-info.ts'

/** Transfer information by which no object can be cut, or bytes that are no such thing. */
export type TransferFault =
  (Fault & { readonly code: 'fountain/transfer'; readonly info: TransferInfo }) | LengthFault

/** Something of the wrong length. */
export interface LengthFault extends Fault {
  readonly code: 'fountain/length'
  readonly bytes: number
  readonly expected: number
}

/** A symbol that is none of this block or object. */
export interface SymbolIdFault extends Fault {
  readonly code: 'fountain/symbol-id'
}

/** More than a receiver wants to keep. */
export interface TooLargeFault extends Fault {
  readonly code: 'fountain/too-large'
  readonly bytes: number
  readonly maxBytes: number
}

/** Why a symbol was not taken. */
export type SymbolFault = LengthFault | SymbolIdFault

/** A symbol that is none of the content: its proof does not lead to the root. */
export interface BadSymbolFault extends Fault {
  readonly code: 'fountain/bad-symbol'
  readonly id: PayloadId
}

/** Numbers of a policy that do not fit together, or an expectation that no policy meets. */
export type PolicyFault =
  | (Fault & { readonly code: 'fountain/policy'; readonly policy: FountainPolicy })
  | (Fault & { readonly code: 'fountain/no-policy' })

/** Why a pool of workers has no answer. */
export interface PoolFault extends Fault {
  readonly code: 'fountain/pool-closed' | 'fountain/worker-lost' | 'fountain/worker-refused'
}

/** What can be wrong with input from outside. */
export type FountainFault =
  TransferFault | SymbolFault | TooLargeFault | BadSymbolFault | PolicyFault

/** A content that cannot be described. */
export interface ContentFault extends Fault {
  readonly code: 'fountain/content'
  readonly bytes: number
}

/** Why there is no content in the ancestor's form, or none can be had from what is there. */
export type CirisFault =
  | (Fault & { readonly code: 'fountain/payload'; readonly bytes: number })
  | (Fault & { readonly code: 'fountain/insufficient'; readonly missing: number })
  | JsonFault

/** A value that canonical JSON cannot say. */
export interface JsonFault extends Fault {
  readonly code: 'fountain/json'
}

/** Symbols that ended too early. */
export interface IncompleteFault extends Fault {
  readonly code: 'fountain/incomplete'
  readonly blocks: number
}
