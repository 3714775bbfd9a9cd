/**
 * Something that went wrong, as data: a stable code (`package/kebab-reason`) and its facts.
 * Codes are API: listed in `docs/limits.md`, never renamed.
 */
export interface Fault {
  readonly code: string
}

/**
 * The one error class of the workspace: a fault thrown at an asynchronous edge.
 * `message` is a sentence for a person, ending with the code in brackets.
 */
export class CodedError<F extends Fault = Fault> extends Error {
  override readonly name = 'CodedError'
  readonly fault: F

  constructor(fault: F, sentence: string, options?: { readonly cause?: unknown }) {
    super(`${sentence} [${fault.code}]`, options)
    this.fault = fault
  }

  /** The stable code of the fault. */
  get code(): F['code'] {
    return this.fault.code
  }
}

/** True when `error` is a `CodedError` with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof CodedError && error.fault.code === code
}
