import { type Bytes, seededRng, utf8 } from '@kithnet/kernel'
import { compareStates, setRoot, stateItems, WitnessLog } from '@kithnet/holonomic'
import { acceptSession, startSession } from '@kithnet/reconcile'
import type { PeerId } from '@kithnet/types'
import { expect, it } from 'vitest'
import { type Actor, actors, network, noon } from './actors.ts'

it('two peers whose states diverge find out where, and agree', () => {
  const [alice, bob] = actors(2) as [Actor, Actor]
  const member = (index: number): Bytes => utf8(`record ${index}`)
  const common = Array.from({ length: 500 }, (_, index) => member(index))
  const ours = [...common, member(1_000), member(1_001)]
  const theirs = [...common.slice(3), member(2_000), member(2_000)]
  const log = (peer: PeerId): WitnessLog =>
    new WitnessLog({ network, peer, namespaces: ['records'] })
  const [mine, other] = [log(alice.peer), log(bob.peer)]
  expect(
    compareStates(mine.commit(ours, noon).checkpoint, other.commit(theirs, noon).checkpoint),
  ).toBe('divergent')

  const [here, there] = [stateItems(ours), stateItems(theirs)]
  expect(there.items.size).toBe(498)
  const { session, message } = startSession(here.items, seededRng('here'))
  const answering = acceptSession(there.items, seededRng('there'))
  const [have, need] = [new Set<string>(), new Set<string>()]
  let reply: typeof message | undefined = message
  while (reply !== undefined) {
    const answer = answering.answer(reply)
    if (answer.reply === undefined) break
    const back = session.answer(answer.reply)
    for (const { id } of back.have) have.add(id)
    for (const { id } of back.need) need.add(id)
    reply = back.reply
  }
  expect([have.size, need.size]).toEqual([5, 1])
  const given = [...have].map((id) => here.memberById.get(id)!)
  const taken = [...need].map((id) => there.memberById.get(id)!)
  const [merged, same] = [
    [...ours, ...taken],
    [...theirs, ...given],
  ]
  expect(setRoot(merged)).toEqual(setRoot(same))
  expect(
    compareStates(mine.commit(merged, noon).checkpoint, other.commit(same, noon).checkpoint),
  ).toBe('identical')
})
