import { CodedError } from '@kithnet/kernel'
import type { SchemaIssue, SchemaResult, StandardSchema } from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'

/** A value of the topic, or what is wrong with it. */
export type Checked<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly why: string }

/** Checks a value; at once unless the validator takes time. A validator that throws has refused. */
export function checked<Value>(
  schema: StandardSchema<unknown, Value> | undefined,
  value: unknown,
): Checked<Value> | Promise<Checked<Value>> {
  if (schema === undefined) return { ok: true, value: value as Value }
  try {
    const result = schema['~standard'].validate(value)
    return result instanceof Promise ? result.then(verdictOf, refusal) : verdictOf(result)
  } catch (error) {
    return refusal(error)
  }
}

/** True for what `topic` may be given as its schema. */
export function isSchema(value: object | undefined): value is StandardSchema {
  return value !== undefined && '~standard' in value
}

/** A value that may not be published. */
export function invalidValue(topic: string, why: string): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/invalid-value', why },
    `This is not what the topic "${topic}" carries: ${why}.`,
  )
}

function verdictOf<Value>(result: SchemaResult<Value>): Checked<Value> {
  const [issue] = result.issues ?? []
  if (result.issues === undefined) return { ok: true, value: result.value }
  return { ok: false, why: issue === undefined ? 'it is refused' : sentenceOf(issue) }
}

function refusal(error: unknown): Checked<never> {
  return { ok: false, why: error instanceof Error ? error.message : String(error) }
}

/** `address.city: expected text`. */
function sentenceOf({ message, path }: SchemaIssue): string {
  const keys = (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}
