import { CodedError } from '@kithnet/kernel'
import type { PeerId } from 'kithnet'
import { parsePeerId } from 'kithnet/types'
import type { CliFault } from './faults.ts'

/**
 * The peer that a person meant: by its whole id, whoever that is, or by a beginning that only one of the known has.
 *
 * @throws CodedError `cli/peer` when there is none like that, or more than one.
 */
export function namedPeer(text: string, known: Iterable<PeerId>): PeerId {
  const whole = parsePeerId(text)
  if (whole !== undefined) return whole
  const isBeginning = /^[0-9a-f]{1,63}$/.test(text)
  const matches = isBeginning ? [...new Set(known)].filter((one) => one.startsWith(text)) : []
  const [only] = matches
  if (only !== undefined && matches.length === 1) return only
  throw new CodedError<CliFault>(
    { code: 'cli/peer', matches: matches.length },
    only === undefined
      ? `No peer that this node knows has an id that begins with "${text}": give the whole id, 64 hex digits.`
      : `${matches.length} peers have ids that begin with "${text}": give more digits.`,
  )
}
