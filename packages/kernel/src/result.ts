import type { Fault } from './fault.ts'

/** What parsing input from outside gives: a value, or the fault that says why there is none. */
export type Result<T, F extends Fault = Fault> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: F }

/** A successful result. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/** A failed result. */
export function fail<F extends Fault>(fault: F): { readonly ok: false; readonly fault: F } {
  return { ok: false, fault }
}
