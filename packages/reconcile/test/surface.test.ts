import { expect, test } from 'vitest'
import * as reconcile from '@kithnet/reconcile'

test('exports', () => {
  expect(Object.keys(reconcile)).toMatchInlineSnapshot(`
    [
      "ItemSet",
      "maxMessageBytes",
      "acceptSession",
      "startSession",
      "defaultSessionLimits",
    ]
  `)
})
