import type { Result } from '@kithnet/kernel'
import type { PeerId, Signed } from '@kithnet/types'
import type { BookEvent, Held } from './held.ts'
import type { SignedStatementKind, StatementKind } from './statement-kinds.ts'

/** All statements that a node knows, made known to everybody and kept the same as its neighbours'. */
export interface Statements {
  /** Resolves once statements were compared with a neighbour since the start; stays pending while there is none. */
  readonly ready: Promise<void>
  /** The same, for whoever has to know now. */
  readonly fresh: boolean
  /** With whom statements were compared since the start. */
  readonly compared: ReadonlySet<PeerId>
  /** With whom messages are exchanged directly. */
  readonly neighbours: ReadonlySet<PeerId>
  /** Signs a body of this node's; resolves when it is on disk and on its way to everybody. */
  publish<K extends SignedStatementKind>(kind: K, body: Uint8Array): Promise<Held<K>>
  /** Takes a statement that came in another way. Given back also when a later one of its slot is held. */
  take<K extends SignedStatementKind>(
    kind: K,
    signed: Signed,
    publicKey: Uint8Array,
  ): Promise<Result<Held<K>>>
  /** Takes the proof of a fork that was found elsewhere. False when it proves none. */
  accuse(proof: Uint8Array): Promise<boolean>
  get<K extends StatementKind>(kind: K, slot: string): Held<K> | undefined
  /** All of a kind. Sort them where the order counts. */
  all<K extends StatementKind>(kind: K): readonly Held<K>[]
  /** Calls back on what happens to the book, once it is on disk. */
  on(listener: (event: BookEvent) => void): Disposable
  /** Calls back when statements were compared with a peer, all that differed being exchanged. */
  onCompared(listener: (peer: PeerId) => void): Disposable
}
