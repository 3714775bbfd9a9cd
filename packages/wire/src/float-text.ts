/**
 * The canonical text of a float: shortest digits that read back exactly, always with a point or an exponent.
 * Plain from 1e-5 to below 1e16, scientific elsewhere; what is not finite is `null`.
 *
 * Source: serde_json 1.0.147 and later.
 */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  // ECMAScript's own exponent form has the same digits, an explicit sign and no padding.
  if (size >= 1e16 || size < 1e-5) return value.toExponential()
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}
