import { parseTicket, type PeerId } from 'kithnet'
import { parsePeerId, shortId } from 'kithnet/types'
import { usage } from './faults.ts'
import { note } from './output.ts'
import { bytesOf, bytesText, durationOf } from './quantities.ts'

/** What a node keeps for others, and whom it trusts by itself. */
export interface KeepTerms {
  readonly keepBytes: number
  /** The node's own peer among them. */
  readonly roots: readonly PeerId[]
  /** Mean time after which what the node knows is committed, when it has changed. */
  readonly checkpointMs?: number
}

/** What a user said of it. */
export interface KeepOptions {
  readonly keep?: string
  readonly root?: readonly string[]
  readonly join?: readonly string[]
  readonly checkpointEvery?: string
}

/**
 * What was asked for, when anything was: roots are the node itself and those that are named, or the peers of the tickets
 * when none is.
 *
 * @throws CodedError `cli/usage`.
 */
export function keepTermsOf(options: KeepOptions, self: PeerId): KeepTerms | undefined {
  if (options.keep === undefined && options.root === undefined) return undefined
  const others = options.root?.map(rootOf) ?? (options.join ?? []).flatMap(peerOfTicket)
  return {
    keepBytes: options.keep === undefined ? 0 : bytesOf(options.keep, '--keep'),
    roots: [...new Set([self, ...others])],
    ...(options.checkpointEvery === undefined
      ? {}
      : { checkpointMs: durationOf(options.checkpointEvery, '--checkpoint-every', dayMs) }),
  }
}

/** Says what was agreed to, since trust is nothing to find out about later. */
export function tellKeepTerms(
  { keepBytes, roots }: KeepTerms,
  self: PeerId,
  isNamed: boolean,
): void {
  const whence = isNamed ? '--root' : 'its ticket was joined'
  for (const root of roots) {
    note(
      `trusts    ${shortId(root)} (${root === self ? 'itself' : whence}) and whom it vouches for`,
    )
  }
  note(
    keepBytes === 0 ? 'keeps     nothing for others' : `keeps     ${bytesText(keepBytes)} for them`,
  )
}

function rootOf(text: string): PeerId {
  const peer = parsePeerId(text)
  if (peer !== undefined) return peer
  throw usage('--root', `"${text}" is not the id of a peer: give all of its 64 hex digits.`)
}

/** Nobody for a text that is no ticket: joining it says what is wrong with it. */
function peerOfTicket(text: string): readonly PeerId[] {
  const ticket = parseTicket(text)
  return ticket.ok ? [ticket.value.peer] : []
}

const dayMs = 86_400_000
