import { expect, it } from 'vitest'
import * as transport from '../src/index.ts'
import * as memory from '../src/memory/index.ts'
import * as suite from '../src/suite.ts'
import * as tls from '../src/tls/index.ts'

it('exports these names', () => {
  expect(Object.keys(transport).toSorted()).toMatchInlineSnapshot(`
    [
      "LinkTable",
      "defaultLinkLimits",
      "maxConfigurableMessageBytes",
      "openLink",
    ]
  `)
  expect(Object.keys(memory).toSorted()).toMatchInlineSnapshot(`
    [
      "MemoryPlace",
      "memoryTransport",
    ]
  `)
  expect(Object.keys(tls).toSorted()).toMatchInlineSnapshot(`
    [
      "defaultListenCaps",
      "tlsAvailable",
      "tlsTransport",
    ]
  `)
  expect(Object.keys(suite).toSorted()).toMatchInlineSnapshot(`
    [
      "transportSuite",
    ]
  `)
})
