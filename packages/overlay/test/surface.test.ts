import { expect, it } from 'vitest'
import * as surface from '@kithnet/overlay'

it('exports these names', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "Overlay",
      "bodyOf",
      "channelOf",
      "decodeFrame",
      "encodeFrame",
      "maxFrameBytes",
      "overlayConfig",
    ]
  `)
})
