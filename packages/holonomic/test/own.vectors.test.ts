import { runVectors } from '@kithnet/testkit/suite'
import { describe, it } from 'vitest'
import {
  runAdmission,
  runFork,
  runPreimage,
  runRetention,
  runStatement,
  runStreamTree,
  runTree,
} from './vector-subjects.ts'

describe('vectors/holonomic', () => {
  runVectors(it, 'holonomic/statements.json', runStatement)
  runVectors(it, 'holonomic/preimages.json', runPreimage)
  runVectors(it, 'holonomic/trees.json', runTree)
  runVectors(it, 'holonomic/fork-proofs.json', runFork)
  runVectors(it, 'holonomic/admissions.json', runAdmission)
  runVectors(it, 'holonomic/stream-trees.json', runStreamTree)
  runVectors(it, 'holonomic/retention.json', runRetention)
})
