/** The mean of some numbers; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** A number with few enough digits to be read. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits))
}
