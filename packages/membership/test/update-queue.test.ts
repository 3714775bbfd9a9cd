import { describe, expect, it } from 'vitest'
import { UpdateQueue } from '../src/update-queue.ts'
import { known, peer } from './peers.ts'

const receiver = peer(99)

describe('piggybacked updates', () => {
  it('are sent lambda * ceil(log10(n + 1)) times, and no more', () => {
    const queue = new UpdateQueue(3)
    queue.put({ state: 'alive', known: known(1) })
    for (let count = 0; count < 6; count++) expect(queue.take(4, 50, receiver)).toHaveLength(1)
    expect(queue.take(4, 50, receiver)).toEqual([])
  })

  it('are replaced by later news of the same peer', () => {
    const queue = new UpdateQueue(3)
    queue.put({ state: 'suspect', peer: peer(1), incarnation: 1 })
    queue.put({ state: 'alive', known: known(1, 2) })
    expect(queue.take(4, 5, receiver)).toEqual([{ state: 'alive', known: known(1, 2) }])
  })

  it('go least sent first, at most as many as fit', () => {
    const queue = new UpdateQueue(3)
    queue.put({ state: 'dead', peer: peer(1), incarnation: 1 })
    queue.take(1, 5, receiver)
    queue.put({ state: 'dead', peer: peer(2), incarnation: 1 })
    queue.put({ state: 'dead', peer: peer(3), incarnation: 1 })
    const subjects = queue
      .take(2, 5, receiver)
      .map((update) => update.state === 'dead' && update.peer)
    expect(subjects).toEqual([peer(2), peer(3)])
  })

  it('tell nobody about itself', () => {
    const queue = new UpdateQueue(3)
    queue.put({ state: 'suspect', peer: receiver, incarnation: 1 })
    expect(queue.take(4, 5, receiver)).toEqual([])
  })

  it('are bounded in number', () => {
    const queue = new UpdateQueue(3)
    for (let number = 0; number < 200; number++) {
      queue.put({ state: 'dead', peer: peer(number), incarnation: 1 })
    }
    expect(queue.size).toBe(64)
  })
})
