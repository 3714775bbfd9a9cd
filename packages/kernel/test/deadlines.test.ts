import { Deadlines, instant } from '@kithnet/kernel'
import { expect, test } from 'vitest'

function drain(deadlines: Deadlines<string>, now: number): string[] {
  const keys: string[] = []
  for (
    let key = deadlines.takeDue(instant(now));
    key !== undefined;
    key = deadlines.takeDue(instant(now))
  ) {
    keys.push(key)
  }
  return keys
}

test('keys come out by instant, equal instants in the order of arming', () => {
  const deadlines = new Deadlines<string>()
  deadlines.arm('late', instant(30))
  deadlines.arm('first', instant(10))
  deadlines.arm('second', instant(10))
  expect(deadlines.next).toBe(10)
  expect(drain(deadlines, 9)).toEqual([])
  expect(drain(deadlines, 30)).toEqual(['first', 'second', 'late'])
  expect(deadlines.next).toBeUndefined()
})

test('arming again replaces, disarming forgets', () => {
  const deadlines = new Deadlines<string>()
  deadlines.arm('a', instant(1))
  deadlines.arm('a', instant(50))
  deadlines.arm('b', instant(2))
  deadlines.disarm('b')
  deadlines.disarm('never armed')
  expect(drain(deadlines, 49)).toEqual([])
  expect(drain(deadlines, 50)).toEqual(['a'])
  expect(deadlines.size).toBe(0)
})
