import { readVectors, runVectors } from '@kithnet/testkit/suite'
import { describe, it } from 'vitest'
import {
  runAttestation,
  runBundle,
  runEquivocation,
  runLine,
  runMerkle,
  runTreeProof,
} from './vector-subjects.ts'

describe('vectors/dag', () => {
  runVectors(it, 'dag/merkle.json', runMerkle)
  const attestations = 'dag/attestation.json'
  runVectors(it, attestations, runAttestation(readVectors(attestations).cases))
  const equivocations = 'dag/equivocation.json'
  runVectors(it, equivocations, runEquivocation(readVectors(equivocations).cases))
  const proofs = 'dag/tree-proof.json'
  runVectors(it, proofs, runTreeProof(readVectors(proofs).cases))
  const bundles = 'dag/bundle.json'
  runVectors(it, bundles, runBundle(readVectors(bundles).cases))
  runVectors(it, 'dag/line.json', runLine)
})
