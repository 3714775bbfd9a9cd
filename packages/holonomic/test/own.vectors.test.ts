import { runVectors } from '@kithnet/testkit/suite'
import { describe, it } from 'vitest'
import {
  runAdmission,
  runContents,
  runExchange,
  runFork,
  runPreimage,
  runRetention,
  runStatement,
  runStreamTree,
  runTree,
  runWitness,
} from './vector-subjects.ts'

describe('vectors/holonomic', () => {
  runVectors(it, 'holonomic/statements.json', runStatement)
  runVectors(it, 'holonomic/exchange.json', runExchange)
  runVectors(it, 'holonomic/contents.json', runContents)
  runVectors(it, 'holonomic/preimages.json', runPreimage)
  runVectors(it, 'holonomic/trees.json', runTree)
  runVectors(it, 'holonomic/fork-proofs.json', runFork)
  runVectors(it, 'holonomic/admissions.json', runAdmission)
  runVectors(it, 'holonomic/stream-trees.json', runStreamTree)
  runVectors(it, 'holonomic/retention.json', runRetention)
  runVectors(it, 'holonomic/witness.json', runWitness)
})
