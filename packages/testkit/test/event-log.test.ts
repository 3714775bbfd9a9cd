import { instant } from '@kithnet/kernel'
import { EventLog } from '@kithnet/testkit'
import { expect, test } from 'vitest'

test('a log keeps the last steps, oldest first', () => {
  const log = new EventLog(3)
  for (let n = 0; n < 5; n++) log.record({ at: instant(n), peer: 'a', event: n, effects: [] })
  expect(log.steps).toBe(5)
  const events = [...log.lines()].map((line) => (JSON.parse(line) as { event: number }).event)
  expect(events).toEqual([2, 3, 4])
})

test('bytes, maps and big integers are readable', () => {
  const log = new EventLog()
  const event = { bytes: Uint8Array.of(0, 171), map: new Map([['k', 1n]]), set: new Set([2]) }
  log.record({ at: instant(0), peer: 1, event, effects: [] })
  expect([...log.lines()].join('')).toBe(
    '{"at":0,"peer":1,"event":{"bytes":"00ab","map":[["k","1"]],"set":[2]},"effects":[]}',
  )
})
