import { workingBackends } from '@kithnet/identity'
import { readVectors, runVectors } from '@kithnet/testkit/suite'
import { describe, test } from 'vitest'
import { type Change, transcriptOf, type TranscriptInput } from './transcript.ts'

const file = 'transport/pq-channel.json'

/** A case of its own, or a change on the way of a valid one. */
type CaseInput = TranscriptInput | { readonly base: string; readonly change: Change }

for (const backend of workingBackends()) {
  describe(`transcripts on the ${backend.name} backend`, () => {
    runVectors(test, file, (input) => {
      const given = input as CaseInput
      if (!('base' in given)) return transcriptOf(backend, given)
      const base = readVectors(file).cases.find(({ name }) => name === given.base)!
      return transcriptOf(backend, base.input as TranscriptInput, undefined, given.change)
    })
  })
}
