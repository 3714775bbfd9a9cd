import { expect, it } from 'vitest'
import * as browser from '../../src/websocket/browser.ts'
import * as node from '../../src/websocket/index.ts'

it('exports the same names in Node and in a browser', () => {
  expect(Object.keys(node)).toEqual(['websocketTransport'])
  expect(Object.keys(browser)).toEqual(Object.keys(node))
})
