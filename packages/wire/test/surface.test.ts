import * as wire from '@kithnet/wire'
import * as round3 from '@kithnet/wire/round3'
import { expect, it } from 'vitest'

it('exports exactly these names', () => {
  expect(Object.keys(wire).toSorted()).toMatchInlineSnapshot(`
    [
      "MetadataFloat",
      "RecordWriter",
      "classifications",
      "contentId",
      "decodeIdentity",
      "decodeMetadata",
      "decodeRecord",
      "encodeIdentity",
      "encodeMetadata",
      "encodeRecord",
      "idHashPrefix",
      "identityHash",
      "installSha3_256",
      "maxMetadataBytes",
      "maxParents",
      "maxRecordBytes",
      "parseTilePath",
      "recordAddress",
      "recordAlgorithms",
      "recordHash",
      "sha3_256",
      "signableBytes",
      "sphincsKeyBytes",
      "stableFloat",
      "tilePath",
      "uuid7Source",
      "withAlgorithms",
    ]
  `)
  expect(Object.keys(round3).toSorted()).toMatchInlineSnapshot(`
    [
      "dilithium3",
      "sphincs192f",
    ]
  `)
})
