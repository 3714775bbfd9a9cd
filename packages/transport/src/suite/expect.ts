import { assert, CodedError, equalBytes } from '@kithnet/kernel'

/** The two are the same, and shows both when they are not. */
export function same(actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  assert(got === wanted, `got ${got}, expected ${wanted}`)
}

/** The bytes are the same. */
export function sameBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert(actual !== undefined && equalBytes(actual, expected), `${expected.length} bytes differ`)
}

/** The promise rejects with a `CodedError` of this code. */
export async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  const outcome = await promise.then(
    () => 'nothing thrown',
    (error: unknown) => (error instanceof CodedError ? error.fault.code : String(error)),
  )
  same(outcome, code)
}

/** The call throws a `CodedError` of this code. */
export function throws(call: () => unknown, code: string): void {
  let outcome = 'nothing thrown'
  try {
    call()
  } catch (error) {
    outcome = error instanceof CodedError ? error.fault.code : String(error)
  }
  same(outcome, code)
}

/** Waits until something holds; fails after `limitMs`. */
export async function until(holds: () => boolean, why: string, limitMs = 5_000): Promise<void> {
  const started = performance.now()
  while (!holds()) {
    assert(performance.now() - started < limitMs, `not reached in ${limitMs} ms: ${why}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
