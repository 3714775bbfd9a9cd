/**
 * Stops the program on a programmer's mistake. Never used for input from outside: that is a `Result`.
 *
 * @throws Error when `condition` is false.
 */
export function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${why}`)
}

/** Marks a branch that the types prove unreachable, so that a new union member fails to compile. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`)
}
