/** Coded symbols with nothing beside them, as a session would send them: what the hybrid is compared with. */
import { seededRng } from '@kithnet/kernel'
import type { ItemSet } from '@kithnet/reconcile'
import { encodeCbor } from '@kithnet/types'
import { CodedExchange } from '../../packages/reconcile/src/coded-exchange.ts'
import { encodeTurn, type HybridTurn } from '../../packages/reconcile/src/hybrid-messages.ts'
import { KeyedItems } from '../../packages/reconcile/src/keyed-items.ts'
import { encodeMessage } from '../../packages/reconcile/src/messages.ts'
import { saltBytes } from '../../packages/reconcile/src/codec.ts'
import { firstBound, lastBound } from '../../packages/reconcile/src/order.ts'

/** Source: the limits of the grid. */
const limits = { messageBytes: 32_768, rounds: 100_000, difference: 10_000_000 }
/** Room for symbols in a message. Source: what a hybrid turn has. */
const roomBytes = 32_600

const silent: HybridTurn = {
  number: 1,
  head: undefined,
  ranges: { start: firstBound, spans: [] },
  symbols: undefined,
  gives: [],
  wants: [],
  rest: false,
}

/** Bytes of a session of coded symbols and of the ids that these lead to; both sides draw their salts from seeds. */
export function ratelessBytes(ours: ItemSet, theirs: ItemSet, rngSeeds: readonly number[]): number {
  const window = { lower: firstBound, upper: lastBound }
  const salts = rngSeeds.map((seed) => seededRng(seed).bytes(saltBytes))
  const sum = new Uint8Array(16)
  const count = ours.size
  let bytes = encodeCbor(
    encodeMessage({ type: 'open', salt: salts[0]!, window, count, sum }),
  ).length
  const say = (turn: Partial<HybridTurn>): void => {
    bytes += encodeCbor(encodeTurn({ ...silent, ...turn })).length
  }
  const [keyed, otherKeyed] = [new KeyedItems(ours, salts), new KeyedItems(theirs, salts)]
  if (ours.size === theirs.size && isSame(keyed, otherKeyed)) return bytes + emptyBytes
  const sides = [otherKeyed, keyed].map((side) => new CodedExchange(side, [window], limits))
  let part = sides[0]!.begin(theirs.size - ours.size, roomBytes)
  let turn = 0
  for (
    let head: HybridTurn['head'] = { salt: salts[1]!, count, window: undefined };
    ;
    head = undefined
  ) {
    say({ head, symbols: part })
    const answer = sides[++turn % 2]!.answer(part, roomBytes)
    if (answer === 'stuck') throw new Error('symbols led nowhere')
    if (answer === 'complete') break
    part = answer
  }
  const [here, there] = turn % 2 === 1 ? [keyed, otherKeyed] : [otherKeyed, keyed]
  const found = sides[turn % 2]!.difference()
  const gives = [...here.find(window, found.ours, true)]
  const asked = [...there.find(window, found.theirs, true)]
  say({ wants: [...found.theirs] })
  for (const items of [gives, asked]) {
    for (let at = 0; at < items.length; at += perTurn) say({ gives: items.slice(at, at + perTurn) })
  }
  return bytes
}

/** Ids of a turn of 32 KiB. */
const perTurn = 900
/** Bytes of the message that says that there is no difference. */
const emptyBytes = 5

function isSame(keyed: KeyedItems<string>, other: KeyedItems<string>): boolean {
  const sums = [keyed, other].map(({ items }, index) =>
    [keyed, other][index]!.sumOf(0, items.size).join(),
  )
  return sums[0] === sums[1]
}
