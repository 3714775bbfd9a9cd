import { mkdirSync, writeFileSync } from 'node:fs'
import { type RunCase, type VectorCase } from '@kithnet/testkit/suite'

const target = new URL('../../../vectors/holonomic/', import.meta.url)

/** A case before it was run. */
export type Draft = Pick<VectorCase, 'name' | 'why' | 'input'>

/** Runs the cases, and writes down what they gave: a valid case has to be accepted, an invalid one refused. */
export async function write(
  name: string,
  spec: string,
  run: RunCase,
  valid: readonly Draft[],
  invalid: readonly Draft[],
): Promise<void> {
  mkdirSync(target, { recursive: true })
  const cases: VectorCase[] = []
  for (const [drafts, isValid] of [
    [valid, true],
    [invalid, false],
  ] as const) {
    for (const draft of drafts) {
      const named: VectorCase = { ...draft, valid: isValid }
      const result = await run(draft.input, named)
      if (result.ok !== isValid)
        throw new Error(`${name}, ${draft.name}: ${JSON.stringify(result)}`)
      cases.push(
        result.ok ? { ...named, output: result.value } : { ...named, fault: result.fault.code },
      )
    }
  }
  const file = { spec, source: 'our own', generatedBy: 'tools/vectors/holonomic.ts', cases }
  writeFileSync(new URL(`${name}.json`, target), `${JSON.stringify(file, null, 1)}\n`)
}
