import { memoryRecords } from '@kithnet/dag'
import { recordStoreSuite } from '@kithnet/dag/suite'
import { describe, it } from 'vitest'

describe('memory', () => {
  recordStoreSuite(it, { create: async () => memoryRecords() })
})
