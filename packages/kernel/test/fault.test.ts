import { assert, CodedError, fail, hasCode, ok, unreachable } from '@kithnet/kernel'
import { expect, test } from 'vitest'

test('a coded error carries its fault, a sentence and the cause', () => {
  const cause = new Error('inner')
  const error = new CodedError({ code: 'a/b', count: 3 } as const, 'Three are too many.', { cause })
  expect(error.message).toBe('Three are too many. [a/b]')
  expect(error.fault.count).toBe(3)
  expect(error.cause).toBe(cause)
  expect(hasCode(error, 'a/b')).toBe(true)
  expect(hasCode(cause, 'a/b')).toBe(false)
})

test('results are plain data', () => {
  expect(ok(1)).toEqual({ ok: true, value: 1 })
  expect(fail({ code: 'x/y' })).toEqual({ ok: false, fault: { code: 'x/y' } })
})

test('assert and unreachable stop a mistake', () => {
  expect(() => assert(false, 'why')).toThrow('why')
  expect(() => unreachable('z' as never)).toThrow('z')
})
