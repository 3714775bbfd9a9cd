import { CodedError, type Fault } from '@kithnet/kernel'

/** What can go wrong with a command before or beside the network itself. */
export type CliFault =
  | { readonly code: 'cli/usage'; readonly option: string }
  | { readonly code: 'cli/no-node'; readonly socket: string }
  | { readonly code: 'cli/node-runs'; readonly socket: string }
  | { readonly code: 'cli/no-password' }
  | { readonly code: 'cli/unsafe-folder'; readonly path: string }
  | { readonly code: 'cli/role-missing'; readonly role: string }
  | { readonly code: 'cli/control'; readonly why: string }
  | { readonly code: 'cli/no-records'; readonly path: string }
  | { readonly code: 'cli/content' | 'cli/file-exists'; readonly path: string }
  | { readonly code: 'cli/too-few-shares'; readonly path: string; readonly missing: number }
  | { readonly code: 'cli/peer'; readonly matches: number }
  | { readonly code: 'cli/keeps-nothing' }
  | { readonly code: 'cli/records-exist'; readonly path: string }
  | { readonly code: 'cli/records-bad' | 'cli/records-refused'; readonly count: number }

/** A failure that a running node reported over its control socket, with the node's own code. */
export interface RemoteFault extends Fault {
  readonly remote: true
}

/** The error for a mistake on the command line. */
export function usage(option: string, why: string): CodedError<CliFault> {
  return new CodedError<CliFault>({ code: 'cli/usage', option }, why)
}
