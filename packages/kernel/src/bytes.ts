/** The only host names that the pure packages use; every supported host has them. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }
declare const TextDecoder: new (
  label: 'utf-8',
  options: { readonly fatal: true; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array): string }

/** Bytes whose buffer is an ordinary ArrayBuffer. */
export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const hexPattern = /^(?:[0-9a-f]{2})*$/

/** Lower-case hexadecimal, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  const native = (bytes as { readonly toHex?: () => string }).toHex
  if (native !== undefined) return native.call(bytes)
  let hex = ''
  for (let index = 0; index < bytes.length; index++) hex += hexOfByte[bytes[index]!]!
  return hex
}

/** The bytes of lower-case hexadecimal text, or `undefined` when it is not that. */
export function fromHex(hex: string): Bytes | undefined {
  if (!hexPattern.test(hex)) return undefined
  if (nativeFromHex !== undefined) return nativeFromHex(hex)
  const bytes = new Uint8Array(hex.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = (nibble(hex.charCodeAt(index * 2)) << 4) | nibble(hex.charCodeAt(index * 2 + 1))
  }
  return bytes
}

/** ECMAScript 2026 has both; they are ten times as fast. Source: tc39/proposal-arraybuffer-base64. */
const nativeFromHex = (Uint8Array as { readonly fromHex?: (hex: string) => Bytes }).fromHex?.bind(
  Uint8Array,
)

/** UTF-8 bytes of text. */
export function utf8(text: string): Bytes {
  return encoder.encode(text)
}

/** The text of UTF-8 bytes, or `undefined` when they are not well-formed UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** A fresh array with all parts one after the other. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Equality that takes the same time whichever byte differs. Lengths are not secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ b[index]!
  return difference === 0
}

/** Order of bytes as unsigned numbers from the left; a prefix comes first. Negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const difference = a[index]! - b[index]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Overwrites a secret in place with zeros. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0)
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87
}
