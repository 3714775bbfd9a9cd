import { readVectors, runVectors } from '@kithnet/testkit/suite'
import { describe, expect, it } from 'vitest'
import { makeVectors } from './make-vectors.ts'
import {
  type MetadataCaseInput,
  metadataSubject,
  type PathCaseInput,
  pathSubject,
  type RecordCaseInput,
  recordSubject,
} from './vector-subjects.ts'

describe('our own vectors', () => {
  it('are what their generator makes today', () => {
    for (const [name, text] of makeVectors()) {
      expect(readVectors(`wire/${name}.json`), name).toEqual(JSON.parse(text))
    }
  })

  it('are more than a hundred valid and a hundred invalid ones', () => {
    const all = [...makeVectors().keys()].flatMap((name) => readVectors(`wire/${name}.json`).cases)
    expect(all.filter(({ valid }) => valid).length).toBeGreaterThanOrEqual(100)
    expect(all.filter(({ valid }) => !valid).length).toBeGreaterThanOrEqual(100)
  })
})

runVectors(it, 'wire/record.json', (input) => recordSubject(input as RecordCaseInput))
runVectors(it, 'wire/metadata.json', (input) => metadataSubject(input as MetadataCaseInput))
runVectors(it, 'wire/tile-path.json', (input) => pathSubject(input as PathCaseInput))
