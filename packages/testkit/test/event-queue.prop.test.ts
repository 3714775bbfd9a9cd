import { forAll, listOf, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import { expect, test } from 'vitest'
import { EventQueue, horizonUs, type Subject } from '../src/event-queue.ts'

const subject: Subject = { occur: () => {}, warm: () => 0 }

interface Planned {
  readonly id: number
  readonly atUs: number
  readonly order: number
}

/** Times that meet every wheel: within a tick, within a second, within minutes, within days. */
const anyTime = pairOf(wholeNumber(0, 45), wholeNumber(0, 1023)).map(
  ([power, low]) => 2 ** power + low,
)

/** 0: push, 1: cancel the n-th, 2: pop up to a time later. */
const anyStep = pairOf(wholeNumber(0, 2), pairOf(anyTime, wholeNumber(0, 1000)))

test('a queue gives back what a sorted list would', () => {
  forAll(
    listOf(anyStep, 200),
    (steps) => {
      const queue = new EventQueue()
      let planned: Planned[] = []
      let nowUs = 0
      let order = 0
      const expectNext = (limitUs: number): boolean => {
        const [first] = planned.toSorted((a, b) => a.atUs - b.atUs || a.order - b.order)
        const due = first !== undefined && first.atUs <= limitUs
        expect(queue.pop(limitUs)).toBe(due)
        if (!due) return false
        expect([queue.atUs, queue.detail]).toEqual([first.atUs, first.order])
        nowUs = first.atUs
        planned = planned.filter((one) => one !== first)
        return true
      }
      for (const [action, [aheadUs, choice]] of steps) {
        const atUs = Math.min(nowUs + aheadUs, horizonUs - 1)
        if (action === 0) {
          planned.push({ id: queue.push(atUs, 1, subject, order), atUs, order: order++ })
        } else if (action === 1 && planned.length > 0) {
          const [gone] = planned.splice(choice % planned.length, 1)
          queue.cancel(gone!.id)
        } else if (action === 2) {
          expectNext(atUs)
        }
        expect(queue.size).toBe(planned.length)
      }
      while (expectNext(horizonUs)) expect(queue.size).toBe(planned.length)
      expect(queue.size).toBe(0)
    },
    { runs: 300 },
  )
})

test('what lies beyond the horizon waits for ever and can be cancelled', () => {
  const queue = new EventQueue()
  const never = queue.push(Infinity, 1, subject, 'never')
  queue.push(5, 1, subject, 'soon')
  expect(queue.pop(horizonUs)).toBe(true)
  expect(queue.detail).toBe('soon')
  expect(queue.pop(horizonUs)).toBe(false)
  expect(queue.size).toBe(1)
  queue.cancel(never)
  expect(queue.size).toBe(0)
})

test('a hundred thousand events at a time come out in order', () => {
  const queue = new EventQueue()
  for (let n = 0; n < 100_000; n++) queue.push((n * 7919) % 1_000_003, 1, subject, n)
  let lastUs = -1
  let count = 0
  for (; queue.pop(horizonUs); count++) {
    if (queue.atUs < lastUs) throw new Error('out of order')
    lastUs = queue.atUs
  }
  expect(count).toBe(100_000)
})
