import { seededRng, toHex } from '@kithnet/kernel'
import { type CborValue, decodeCbor, encodeCbor } from '@kithnet/types'
import {
  acceptSession,
  type Item,
  ItemSet,
  type OpeningOptions,
  type ReconcileFault,
  type SessionOptions,
  startSession,
} from '@kithnet/reconcile'

/** What a whole exchange came to. */
export interface Exchange {
  readonly opener: Side
  readonly accepter: Side
  readonly bytes: number
  readonly messages: number
  readonly longest: number
}

interface Side {
  readonly have: string[]
  readonly need: string[]
  done: boolean
  fault: ReconcileFault | undefined
}

/** Runs two sides against each other through canonical bytes. */
export function reconcile(
  ours: ItemSet,
  theirs: ItemSet,
  options: OpeningOptions = {},
  theirOptions: SessionOptions = options,
): Exchange {
  const opening = startSession(ours, seededRng(7), options)
  const sessions = [acceptSession(theirs, seededRng(8), theirOptions), opening.session]
  const sides = [side(), side()]
  let message: CborValue | undefined = opening.message
  let bytes = 0
  let messages = 0
  let longest = 0
  while (message !== undefined) {
    const frame = encodeCbor(message)
    bytes += frame.length
    longest = Math.max(longest, frame.length)
    const turn: number = messages++ % 2
    const decoded = decodeCbor(frame)
    if (!decoded.ok) throw new Error('not canonical')
    const answer = sessions[turn]!.answer(decoded.value)
    for (const item of answer.have) sides[turn]!.have.push(item.id)
    for (const item of answer.need) sides[turn]!.need.push(item.id)
    sides[turn]!.done = answer.done
    sides[turn]!.fault = answer.fault
    message = answer.reply
  }
  return { opener: sides[1]!, accepter: sides[0]!, bytes, messages, longest }
}

/** A set of these items. */
export function setOf(items: Iterable<Item>): ItemSet {
  const set = new ItemSet<string>(toHex)
  for (const item of items) set.add(item.time, item.id)
  return set
}

/** `count` items of a seed, `perMs` to a millisecond. */
export function itemsOf(seed: string, count: number, perMs = 1): Item[] {
  const rng = seededRng(seed)
  return Array.from({ length: count }, (_, index) => ({
    time: 1_790_000_000_000 + Math.floor(index / perMs),
    id: toHex(rng.bytes(32)),
  }))
}

function side(): Side {
  return { have: [], need: [], done: false, fault: undefined }
}
