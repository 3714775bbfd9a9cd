import { expect, test } from 'vitest'
import * as store from '@kithnet/store'
import * as memory from '@kithnet/store/memory'
import * as sqlite from '@kithnet/store/sqlite'
import * as suite from '@kithnet/store/suite'

test('exports', () => {
  expect(Object.keys(store)).toMatchInlineSnapshot(`
    [
      "loadIncarnation",
      "nextIncarnation",
      "saveIncarnation",
      "openLastSeen",
      "maxBatchBytes",
      "maxBatchEntries",
      "maxKeyBytes",
      "maxNameBytes",
      "maxReadBytes",
      "maxValueBytes",
      "memoryStore",
      "openStore",
      "defaultPeerCacheLimits",
      "openPeerCache",
      "defaultTopicLogLimits",
      "openTopicLog",
    ]
  `)
  expect([memory, sqlite, suite].map((entry) => Object.keys(entry))).toMatchInlineSnapshot(`
    [
      [
        "memoryStore",
      ],
      [
        "sqliteStore",
      ],
      [
        "storeSuite",
      ],
    ]
  `)
})
