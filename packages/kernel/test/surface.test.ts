import { expect, test } from 'vitest'
import * as kernel from '@kithnet/kernel'

test('exports', () => {
  expect(Object.keys(kernel)).toMatchInlineSnapshot(`
    [
      "assert",
      "unreachable",
      "BoundedMap",
      "compareBytes",
      "concat",
      "equalBytes",
      "fromHex",
      "fromUtf8",
      "toHex",
      "utf8",
      "wipe",
      "after",
      "epochMs",
      "instant",
      "wallAt",
      "Deadlines",
      "drive",
      "ExpiringMap",
      "CodedError",
      "hasCode",
      "IndexedSet",
      "fail",
      "ok",
      "pick",
      "rngFrom",
      "sample",
      "seededRng",
      "shuffled",
      "TokenBucket",
    ]
  `)
})
