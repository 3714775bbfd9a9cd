import { expect, it } from 'vitest'
import * as surface from '@kithnet/overlay'

it('exports these names', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "Overlay",
      "channelOf",
      "decodeFrame",
      "encodeFrame",
      "maxFrameBytes",
      "overlayConfig",
    ]
  `)
})
