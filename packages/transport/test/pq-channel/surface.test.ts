import { expect, it } from 'vitest'
import * as surface from '../../src/pq-channel/index.ts'

it('exports these names', () => {
  expect(Object.keys(surface).toSorted()).toMatchInlineSnapshot(`
    [
      "HandshakeGate",
      "acceptChannel",
      "aesSuite",
      "chaChaSuite",
      "channelPrimitives",
      "defaultGateLimits",
      "dialChannel",
      "preferredSuites",
    ]
  `)
})
