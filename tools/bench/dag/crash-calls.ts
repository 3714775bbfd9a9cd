/** Numbers of records that belong to one call of the writer that is killed. */
const numbersPerCall = 8

/** The records of a call: one to five of them. */
export function numbersOf(call: number): readonly number[] {
  return Array.from({ length: 1 + (call % 5) }, (_, index) => call * numbersPerCall + index)
}

/** The call that a record belongs to. */
export function callOf(number: number): number {
  return Math.floor(number / numbersPerCall)
}
