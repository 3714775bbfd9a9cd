import { expect, test } from 'vitest'
import * as store from '@kithnet/store'
import * as groupCommit from '@kithnet/store/group-commit'
import * as memory from '@kithnet/store/memory'
import * as sqlite from '@kithnet/store/sqlite'
import * as sqliteFile from '@kithnet/store/sqlite-file'
import * as suite from '@kithnet/store/suite'

test('exports', () => {
  expect(Object.keys(store)).toMatchInlineSnapshot(`
    [
      "storeError",
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
  expect([memory, sqlite, suite, groupCommit, sqliteFile].map((entry) => Object.keys(entry)))
    .toMatchInlineSnapshot(`
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
      [
        "GroupCommit",
      ],
      [
        "openSqliteFile",
        "explainSqlite",
      ],
    ]
  `)
})
