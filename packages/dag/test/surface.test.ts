import * as surface from '@kithnet/dag'
import * as postgres from '@kithnet/dag/postgres'
import * as sqlite from '@kithnet/dag/sqlite'
import * as suite from '@kithnet/dag/suite'
import * as tiles from '@kithnet/dag/tiles'
import { expect, test } from 'vitest'

test('exports', () => {
  expect(Object.keys(surface)).toMatchInlineSnapshot(`
    [
      "openRecords",
      "Records",
      "NetworkRecords",
      "records",
      "claimsOf",
      "maxClaims",
      "defaultWalkRecords",
      "maxConflictIds",
      "RecordGraph",
      "lateArrival",
      "timeBounds",
      "defaultRecordPolicy",
      "tolerantRecordPolicy",
      "checkSignatures",
      "verifyRecord",
      "verifyRecords",
      "chainMetadata",
      "chainPlaceOf",
      "signDraft",
      "mergeTips",
      "contradiction",
      "decodeEquivocation",
      "encodeEquivocation",
      "maxEquivocationBytes",
      "verifyEquivocation",
      "keyMetadata",
      "keyStanding",
      "attest",
      "decodeAttestation",
      "encodeAttestation",
      "isTimed",
      "maxAttestationBytes",
      "verifyAttestation",
      "accumulatedTrust",
      "crossZoneTrust",
      "simpleTrust",
      "trustLevel",
      "weightedTrust",
      "checkpointMetadata",
      "maxChainLength",
      "verifyChain",
      "maxProofHashes",
      "MerkleTree",
      "verifyConsistency",
      "verifyInclusion",
      "maxReadings",
      "recordReadings",
      "Seals",
      "decodeTreeProof",
      "encodeTreeProof",
      "maxTreeProofBytes",
      "treeContent",
      "treeMetadata",
      "treeOf",
      "verifyTreeProof",
      "maxBundleEntryBytes",
      "readBundle",
      "writeBundle",
      "exported",
      "importCarried",
      "carriedOf",
      "lineOf",
      "maxLineLength",
      "project",
      "drawnRecords",
      "drawRecords",
      "maxDrawnRecords",
      "memoryRecords",
      "maxAppendBytes",
      "maxAppendRecords",
      "maxStoredValueBytes",
      "mergeRecords",
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
