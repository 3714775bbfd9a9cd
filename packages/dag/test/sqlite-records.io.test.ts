import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteRecords } from '@kithnet/dag/sqlite'
import { recordStoreSuite } from '@kithnet/dag/suite'
import { afterAll, describe, it } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'kithnet-records-'))
let serial = 0
afterAll(() => rmSync(root, { recursive: true }))

describe('sqlite', () => {
  let path = ''
  recordStoreSuite(it, {
    create: () => {
      path = join(root, `${serial++}`, 'records.db')
      return sqliteRecords(path)
    },
    reopen: () => sqliteRecords(path),
  })
})
