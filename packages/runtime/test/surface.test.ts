import { expect, test } from 'vitest'
import * as runtime from '@kithnet/runtime'

test('exports', () => {
  expect(Object.keys(runtime)).toMatchInlineSnapshot(`
    [
      "createNode",
      "parseTicket",
      "ticketText",
      "defaultTransports",
      "inMemory",
    ]
  `)
})
