import { expect, it } from 'vitest'
import * as surface from '@kithnet/pubsub'

it('exports these names', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "Pubsub",
      "bodyOf",
      "decodePubsubMessage",
      "defaultPubsubConfig",
      "encodePubsubMessage",
      "prefixOf",
    ]
  `)
})
