import { type Bytes, compareBytes, fail, ok, type Result, utf8 } from '@kithnet/kernel'
import type { JsonFault } from './faults.ts'

/** What JSON can say, with whole numbers only. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/** Source: our choice: ends a cycle. */
const maxDepth = 64

/**
 * JSON with sorted names, no spaces and nothing but ASCII: what Python's `json.dumps` writes with `sort_keys`,
 * `separators=(',', ':')` and `ensure_ascii`. A number that is not whole, or nesting without end, is `fountain/json`.
 */
export function canonicalJson(value: JsonValue): Result<Bytes, JsonFault> {
  const text = written(value, 0)
  return text === undefined ? fail({ code: 'fountain/json' }) : ok(utf8(text))
}

function written(value: JsonValue, depth: number): string | undefined {
  if (depth > maxDepth) return undefined
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') {
    // Minus zero is a whole number in JavaScript, and a float in Python.
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined
  }
  if (value === null || typeof value === 'boolean') return String(value)
  const parts = isArray(value)
    ? value.map((item) => written(item, depth + 1))
    : Object.keys(value)
        .toSorted((one, other) => compareBytes(utf8(one), utf8(other)))
        .map((name) => member(name, value[name]!, depth))
  if (parts.includes(undefined)) return undefined
  return isArray(value) ? `[${parts.join(',')}]` : `{${parts.join(',')}}`
}

function member(name: string, value: JsonValue, depth: number): string | undefined {
  const text = written(value, depth + 1)
  return text === undefined ? undefined : `${quoted(name)}:${text}`
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
