import type { PeerId, Signed } from '@kithnet/types'
import type { StatementByKind, StatementKind } from './statement-kinds.ts'

/** A statement in the book: what it says, and the bytes that prove it. Of a fork proof the signature is empty. */
export interface Held<K extends StatementKind = StatementKind> extends Signed {
  readonly kind: K
  /** The place in the book that it has: of each kind and slot there is one. */
  readonly slot: string
  /** What it is called in comparisons: the hash of its kind and body. 64 hex digits. */
  readonly id: string
  /** Whose it is: of a fork proof, whom it convicts. */
  readonly signer: PeerId
  readonly statement: StatementByKind[K]
  /** The signer's. To be read only, as the rest. */
  readonly publicKey: Uint8Array
}

/** A statement of any kind, told apart by its kind. */
export type AnyHeld = { readonly [K in StatementKind]: Held<K> }[StatementKind]

/** What happens to the book. */
export type BookEvent =
  /** A statement is new. `replaced` had its slot before. */
  | { readonly type: 'held'; readonly held: AnyHeld; readonly replaced?: AnyHeld }
  /** A statement has gone: its time is over, or others took its room. */
  | { readonly type: 'gone'; readonly held: AnyHeld }
