/** 10^0 to 10^308, each correctly rounded. */
const powersOfTen: readonly number[] = Array.from({ length: 309 }, (_, power) =>
  Number(`1e${power}`),
)
const mostU64 = 2n ** 64n - 1n
/** Source: the range of i32, in which serde_json counts exponents. */
const mostExponent = 2 ** 31 - 1

/**
 * The float that elara-runtime reads from the text of a JSON number, or `undefined` where it is out of range.
 * It reads digits into 64 bits and scales them once, so the last bits can be wrong.
 *
 * Source: serde_json 1.0.149 without its feature `float_roundtrip`.
 */
export function upstreamFloat(text: string): number | undefined {
  const [, sign, whole, fraction = '', exponentText] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  if (whole === undefined) return undefined
  const { significand, exponent } = significandOf(whole, fraction)
  const written = exponentText === undefined ? 0 : Number(exponentText)
  const size =
    Math.abs(written) > mostExponent
      ? overflown(significand, written)
      : scaled(Number(significand), exponent + written)
  return size === undefined ? undefined : sign === '-' ? -size : size
}

/** What fits of the digits: of whole ones that do not, the count; those of the fraction are dropped. */
function significandOf(
  whole: string,
  fraction: string,
): { readonly significand: bigint; readonly exponent: number } {
  let significand = 0n
  let exponent = 0
  let at = 0
  for (; at < whole.length; at++) {
    const next = significand * 10n + BigInt(whole[at]!)
    if (next > mostU64) break
    significand = next
  }
  exponent += whole.length - at
  for (const digit of fraction) {
    const next = significand * 10n + BigInt(digit)
    if (next > mostU64) break
    significand = next
    exponent--
  }
  return { significand, exponent }
}

function overflown(significand: bigint, written: number): number | undefined {
  return significand !== 0n && written > 0 ? undefined : 0
}

function scaled(significand: number, exponent: number): number | undefined {
  let value = significand
  let left = exponent
  while (Math.abs(left) >= powersOfTen.length) {
    if (value === 0) return 0
    if (left > 0) return undefined
    value /= 1e308
    left += 308
  }
  const power = powersOfTen[Math.abs(left)]!
  if (left < 0) return value / power
  const product = value * power
  return product === Infinity ? undefined : product
}
