import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordStoreSuite } from '@kithnet/dag/suite'
import { tileRecords } from '@kithnet/dag/tiles'
import { afterAll, describe, it } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'kithnet-tiles-'))
let serial = 0
afterAll(() => rmSync(root, { recursive: true }))

describe('tiles', () => {
  let folder = ''
  recordStoreSuite(it, {
    create: () => {
      folder = join(root, `${serial++}`)
      return tileRecords(folder)
    },
    reopen: () => tileRecords(folder),
  })
})
