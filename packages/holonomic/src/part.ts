import type { Identity } from '@kithnet/identity'
import type { Rng } from '@kithnet/kernel'
import type { PeerId, ServiceHost } from '@kithnet/types'
import type { KeeperConfig } from './content/keeper-events.ts'
import type { Statements } from './statements/statements.ts'
import type { TrustBook } from './trust/trust-book.ts'

/** Options of `holonomic`. */
export interface HolonomicOptions {
  /** Whose statements this node makes: the identity of the node. */
  readonly identity: Identity
  /** Whom this node trusts by itself. Everybody else has to be granted something by one of these, or by whom they let in. */
  readonly roots: readonly PeerId[]
  /** How many bytes this node keeps for others; 0, nothing, unless said. */
  readonly keepBytes?: number
  /** Mean time between comparisons of statements with a random neighbour, in milliseconds; 30,000 unless said. */
  readonly syncIntervalMs?: number
  /** How logs are witnessed: the same at all nodes of a network. */
  readonly witness?: WitnessOptions
  /** Times by which contents are kept, where the usual ones do not fit. */
  readonly content?: Partial<KeeperConfig>
}

/** How logs are witnessed. */
export interface WitnessOptions {
  /** How many witnesses a log is appointed; 5 unless said. */
  readonly cosigners?: number
  /** How many of them make a checkpoint witnessed; 3 unless said. */
  readonly threshold?: number
  /** First wait for a witness's answer, in milliseconds; it doubles. 5,000 unless said. */
  readonly retryMs?: number
  /** Mean time after which the statements that this node knows are committed, when they have changed; 600,000 unless said. */
  readonly checkpointMs?: number
}

/** What each part of the service is made with. It ends with `host.signal`. */
export interface Part {
  readonly host: ServiceHost
  readonly identity: Identity
  /** The host's entropy. */
  readonly rng: Rng
  readonly statements: Statements
  readonly trust: TrustBook
  readonly options: HolonomicOptions
}
