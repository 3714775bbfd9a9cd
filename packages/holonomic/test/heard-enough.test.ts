import type { PeerId } from '@kithnet/types'
import { expect, it } from 'vitest'
import type { Part } from '../src/part.ts'
import { heardEnough } from '../src/witness/heard-enough.ts'
import { peerOf } from './keeper-world.ts'

/** Statements of which a test says with whom they were compared, and a timer that it lets ring. */
function neighbourhood(...neighbours: readonly PeerId[]) {
  const compared = new Set<PeerId>()
  const listeners = new Set<() => void>()
  const timers = new Set<() => void>()
  const stop = new AbortController()
  let ready: () => void = () => {}
  const statements = {
    ready: new Promise<void>((resolve) => (ready = resolve)),
    compared,
    neighbours: new Set(neighbours),
    onCompared: (listener: () => void) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
  }
  const timer = (_ms: number, ring: () => void): Disposable => {
    timers.add(ring)
    return { [Symbol.dispose]: () => void timers.delete(ring) }
  }
  let isOver = false
  const host = { signal: stop.signal, timer }
  void heardEnough({ host, statements } as unknown as Part).then(() => (isOver = true))
  return {
    compare: (peer: PeerId) => {
      compared.add(peer)
      ready()
      for (const listener of listeners) listener()
    },
    ring: () => {
      for (const one of timers) one()
    },
    stop: () => stop.abort(),
    settled: async () => {
      await new Promise((resolve) => setTimeout(resolve, 0))
      return { isOver, waiting: listeners.size + timers.size }
    },
  }
}

const [a, b, c] = [peerOf('a'), peerOf('b'), peerOf('c')]

it('one neighbour of three does not say what a log has come to; two do', async () => {
  const { compare, settled } = neighbourhood(a, b, c)
  compare(a)
  expect(await settled()).toEqual({ isOver: false, waiting: 2 })
  compare(b)
  expect(await settled()).toEqual({ isOver: true, waiting: 0 })
})

it('the only one does, and so does one when the others are silent for long', async () => {
  const alone = neighbourhood(a)
  expect(await alone.settled()).toEqual({ isOver: false, waiting: 0 })
  alone.compare(a)
  expect(await alone.settled()).toEqual({ isOver: true, waiting: 0 })
  for (const end of ['ring', 'stop'] as const) {
    const silent = neighbourhood(a, b)
    silent.compare(a)
    expect(await silent.settled()).toEqual({ isOver: false, waiting: 2 })
    silent[end]()
    expect(await silent.settled()).toEqual({ isOver: true, waiting: 0 })
  }
})
