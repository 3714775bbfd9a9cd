import { describe, it } from 'vitest'
import { memoryStore } from '@kithnet/store/memory'
import { storeSuite } from '@kithnet/store/suite'

describe('memory', () => {
  storeSuite(it, { create: async () => memoryStore() })
})
