import { expect, it } from 'vitest'
import * as membership from '@kithnet/membership'

it('exports what is API and nothing else', () => {
  expect(Object.keys(membership).toSorted()).toMatchInlineSnapshot(`
    [
      "HyParView",
      "Membership",
      "Swim",
      "decodeMembershipMessage",
      "descriptorsOf",
      "encodeMembershipMessage",
      "incarnationFromBytes",
      "incarnationKey",
      "incarnationToBytes",
      "maxMembershipMessageBytes",
      "presets",
      "suspicionTimes",
      "swimTimes",
      "withVerified",
    ]
  `)
})
