import { assert, type Result } from '@kithnet/kernel'
import type { VectorCase } from '@kithnet/testkit/suite'
import { metadataCases } from './cases/metadata-cases.ts'
import { pathCases } from './cases/path-cases.ts'
import { recordCases } from './cases/record-cases.ts'
import { metadataSubject, pathSubject, recordSubject } from './vector-subjects.ts'

/** A case before its outcome is known: its name, what it is there to show, its input, and whether it is valid. */
export type Draft<Input> = readonly [name: string, why: string, input: Input, fault?: string]

/** The text of every file of `vectors/wire`, by name. */
export function makeVectors(): ReadonlyMap<string, string> {
  const spec = 'ELRA wire format 1; strict and compatible as in docs/adr/0019'
  return new Map([
    ['record', file(spec, recordCases(), recordSubject)],
    ['metadata', file(spec, metadataCases(), metadataSubject)],
    ['tile-path', file(spec, pathCases(), pathSubject)],
  ])
}

function file<Input>(
  spec: string,
  drafts: readonly Draft<Input>[],
  run: (input: Input) => Result<object>,
): string {
  const cases = drafts.map(([name, why, input, fault]): VectorCase => {
    const result = run(input)
    if (fault === undefined) {
      assert(result.ok, `"${name}" is accepted`)
      return { name, why, valid: true, input, output: result.value }
    }
    assert(!result.ok, `"${name}" is refused`)
    assert(result.fault.code === fault, `"${name}" is refused with ${fault}`)
    return { name, why, valid: false, input, fault }
  })
  const whole = { spec, source: 'own', generatedBy: 'tools/vectors/wire.ts', cases }
  return `${JSON.stringify(whole, undefined, 1)}\n`
}
