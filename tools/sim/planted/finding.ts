/** A promise that was broken. */
export interface Finding {
  readonly promise: string
  readonly detail: string
}

/** Ends a run. */
export class Broken extends Error {
  readonly promise: string

  constructor(what: string, detail: string) {
    super(detail)
    this.promise = what
  }
}

/** What is held against a promise: how many times it was broken, or a number that is too large. */
export function promise(what: string, found: number, most = 0): void {
  if (!(found <= most)) throw new Broken(what, `${found}, at most ${most}`)
}
