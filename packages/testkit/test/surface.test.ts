import * as root from '@kithnet/testkit'
import * as suite from '@kithnet/testkit/suite'
import { expect, test } from 'vitest'

test('the surface of the package', () => {
  expect(Object.keys(root).toSorted()).toMatchInlineSnapshot(`
    [
      "EventLog",
      "Network",
      "Trace",
      "VirtualCores",
      "applyPlan",
      "clearPath",
      "createNetwork",
      "demand",
      "faultKinds",
      "fewerItems",
      "fixedLatency",
      "livenessMode",
      "nativeCosts",
      "nobleCosts",
      "planet",
      "quantileLatency",
      "randomPlan",
      "regionLatency",
      "runSeeds",
      "safetyMode",
      "shrink",
      "smallerNumber",
      "swizzle",
      "testScheme",
      "uniformLatency",
    ]
  `)
})

test('the surface of its suite', () => {
  expect(Object.keys(suite).toSorted()).toMatchInlineSnapshot(`
    [
      "anyBatchId",
      "anyBytes",
      "anyMessageId",
      "anyNetworkId",
      "anyPeerId",
      "anyStreamId",
      "anyTopicId",
      "bytesOf",
      "codecLaw",
      "forAll",
      "listOf",
      "machineLaw",
      "pairOf",
      "readVectors",
      "runVectors",
      "wholeNumber",
    ]
  `)
})
