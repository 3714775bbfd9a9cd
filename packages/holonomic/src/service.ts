import { CodedError, epochMs } from '@kithnet/kernel'
import type { Service } from '@kithnet/types'
import { openContents } from './content/content-service.ts'
import type { Contents } from './content/contents.ts'
import type { OptionFault } from './faults.ts'
import { systemRng } from './host.ts'
import type { HolonomicOptions, Part } from './part.ts'
import { NetworkStatements } from './statements/network-statements.ts'
import { StatementBook } from './statements/statement-book.ts'
import type { Statements } from './statements/statements.ts'
import { Pledging } from './trust/pledging.ts'
import { Standings } from './trust/standings.ts'
import { TrustBook } from './trust/trust-book.ts'
import { Witness } from './witness/witness.ts'

/** What a node offers that takes part: `node.holonomic`. */
export interface Holonomic {
  /** All signed statements that are known. */
  readonly statements: Statements
  /** Who is admitted, and by whom. */
  readonly trust: TrustBook
  /** What this node and others held, cosigned by peers that nobody chooses. */
  readonly witness: Witness
  /** Contents that peers keep for each other. */
  readonly content: Contents
}

/**
 * Holds content and trust together with all others, without a leader: `createNode({ identity, services: [holonomic({
 * identity, roots: [identity.peer] })] })` gives it `node.holonomic`.
 */
export function holonomic(options: HolonomicOptions): Service<'holonomic', Holonomic> {
  return {
    name: 'holonomic',
    start: async (host) => {
      const { identity, roots, syncIntervalMs } = options
      if (identity.peer !== host.self) throw notThisNode()
      const rng = systemRng()
      const standings: Standings = new Standings(host.network, roots, () => book)
      const book: StatementBook = new StatementBook({
        self: host.self,
        network: host.network,
        trusts: (peer) => standings.isAdmitted(peer, 'serve', epochMs(host.wall())),
        changed: () => standings.changed(),
      })
      const config = syncIntervalMs === undefined ? {} : { syncIntervalMs }
      const statements = await NetworkStatements.open({ host, identity, rng, book, config })
      const trust = new TrustBook(host, statements, standings)
      const part: Part = { host, identity, rng, statements, trust, options }
      const pledging = new Pledging(part)
      host.signal.addEventListener(
        'abort',
        () => {
          pledging[Symbol.dispose]()
          trust[Symbol.dispose]()
        },
        { once: true },
      )
      const witness = await Witness.open(part)
      return { statements, trust, witness, content: await openContents(part) }
    },
  }
}

function notThisNode(): CodedError<OptionFault> {
  return new CodedError<OptionFault>(
    { code: 'holonomic/bad-option', option: 'identity' },
    'The identity of `holonomic` is not that of the node: give both the same.',
  )
}
