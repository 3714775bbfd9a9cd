import type { Fault } from '@kithnet/kernel'

/** What can go wrong with a command before or beside the network itself. */
export type CliFault =
  | { readonly code: 'cli/usage'; readonly option: string }
  | { readonly code: 'cli/no-node'; readonly socket: string }
  | { readonly code: 'cli/node-runs'; readonly socket: string }
  | { readonly code: 'cli/no-password' }
  | { readonly code: 'cli/unsafe-folder'; readonly path: string }
  | { readonly code: 'cli/role-missing'; readonly role: string }
  | { readonly code: 'cli/control'; readonly why: string }

/** A failure that a running node reported over its control socket, with the node's own code. */
export interface RemoteFault extends Fault {
  readonly remote: true
}
