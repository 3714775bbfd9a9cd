import { mkdirSync, writeFileSync } from 'node:fs'
import { type PlacedDraft, signDraft } from '@kithnet/dag'
import { createIdentity, type Identity } from '@kithnet/identity'
import { utf8 } from '@kithnet/kernel'
import type { RunCase, VectorCase } from '@kithnet/testkit/suite'
import type { ElraRecord } from '@kithnet/wire'
import type { Change, Source } from '../../../packages/dag/test/vector-subjects.ts'

const target = new URL('../../../vectors/dag/', import.meta.url)

/** The author of all records. */
export const alice: Identity = createIdentity(new Uint8Array(32).fill(1))
/** Somebody else. */
export const bob: Identity = createIdentity(new Uint8Array(32).fill(2))

/** What a case is, why it is there, and what its runner is given. */
export type Case = readonly [name: string, why: string, input: unknown]

/** A record of a few bytes, with the id and the time of its number. */
export function made(
  number: number,
  fields: Partial<PlacedDraft> = {},
  by: Identity = alice,
): Promise<ElraRecord> {
  const id = `01950f2e-7c1a-7abc-8def-${String(number).padStart(12, '0')}`
  const content = utf8(`content ${number}`)
  return signDraft({ content, id, timestamp: 1_770_000_000 + number, parents: [], ...fields }, by)
}

/** Bytes of the case that is called `base`, with changes. */
export function changed(base: string, ...changes: readonly Change[]): Source {
  return { base, changes }
}

/** Runs each case: valid ones get their output, invalid ones their fault. */
export async function file(
  fileName: string,
  valid: readonly Case[],
  invalid: readonly Case[],
  runnerOf: (cases: readonly VectorCase[]) => RunCase,
): Promise<void> {
  const cases: VectorCase[] = [
    ...valid.map(([name, why, input]) => ({ name, why, valid: true, input })),
    ...invalid.map(([name, why, input]) => ({ name, why, valid: false, input })),
  ]
  const run = runnerOf(cases)
  const written = await Promise.all(
    cases.map(async (one) => {
      const result = await run(one.input, one)
      if (result.ok !== one.valid) {
        throw new Error(`${fileName}, ${one.name}: ${JSON.stringify(result)}`)
      }
      return result.ok ? { ...one, output: result.value } : { ...one, fault: result.fault.code }
    }),
  )
  const whole = {
    spec: 'docs/adr/0022-proofs-of-records.md',
    source: 'our own',
    generatedBy: 'tools/vectors/dag.ts',
    cases: written,
  }
  mkdirSync(target, { recursive: true })
  writeFileSync(new URL(`${fileName}.json`, target), `${JSON.stringify(whole, null, 1)}\n`)
  process.stdout.write(`${fileName}: ${valid.length} valid, ${invalid.length} invalid\n`)
}
