import * as surface from '@kithnet/dag'
import * as postgres from '@kithnet/dag/postgres'
import * as sqlite from '@kithnet/dag/sqlite'
import * as suite from '@kithnet/dag/suite'
import * as tiles from '@kithnet/dag/tiles'
import { expect, test } from 'vitest'

test('exports', () => {
  expect(Object.keys(surface)).toMatchInlineSnapshot(`
    [
      "attest",
      "decodeAttestation",
      "encodeAttestation",
      "isTimed",
      "maxAttestationBytes",
      "verifyAttestation",
      "chainMetadata",
      "chainPlaceOf",
      "maxBundleEntryBytes",
      "readBundle",
      "writeBundle",
      "checkpointMetadata",
      "maxChainLength",
      "verifyChain",
      "signDraft",
      "contradiction",
      "decodeEquivocation",
      "encodeEquivocation",
      "maxEquivocationBytes",
      "verifyEquivocation",
      "exported",
      "importCarried",
      "carriedOf",
      "lineOf",
      "maxLineLength",
      "keyMetadata",
      "keyStanding",
      "maxProofHashes",
      "MerkleTree",
      "verifyConsistency",
      "verifyInclusion",
      "openRecords",
      "project",
      "maxReadings",
      "recordReadings",
      "defaultRecordPolicy",
      "tolerantRecordPolicy",
      "Records",
      "Seals",
      "mergeRecords",
      "NetworkRecords",
      "records",
      "mergeTips",
      "lateArrival",
      "timeBounds",
      "accumulatedTrust",
      "crossZoneTrust",
      "simpleTrust",
      "trustLevel",
      "weightedTrust",
      "decodeTreeProof",
      "encodeTreeProof",
      "maxTreeProofBytes",
      "treeContent",
      "treeMetadata",
      "treeOf",
      "verifyTreeProof",
      "checkSignatures",
      "verifyRecord",
      "verifyRecords",
      "claimsOf",
      "maxClaims",
      "drawnRecords",
      "drawRecords",
      "maxDrawnRecords",
      "defaultWalkRecords",
      "maxConflictIds",
      "RecordGraph",
      "memoryRecords",
      "maxAppendBytes",
      "maxAppendRecords",
      "maxStoredValueBytes",
    ]
  `)
})

test('exports of the stores', () => {
  const entries = [postgres, sqlite, suite, tiles]
  expect(entries.map((entry) => Object.keys(entry))).toMatchInlineSnapshot(`
    [
      [
        "postgresRecords",
      ],
      [
        "sqliteRecords",
      ],
      [
        "recordStoreSuite",
        "sampleRecord",
        "sampleId",
      ],
      [
        "tileRecords",
        "repairTiles",
        "openTiles",
      ],
    ]
  `)
})
