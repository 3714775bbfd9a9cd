/** Distinguished encoding of the few ASN.1 types that a certificate has. Source: ITU-T X.690. */

/** One value: tag, length, content. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const content of contents) length += content.length
  const lengthBytes: number[] = []
  if (length < 128) {
    lengthBytes.push(length)
  } else {
    for (let rest = length; rest > 0; rest >>>= 8) lengthBytes.unshift(rest & 255)
    lengthBytes.unshift(128 | lengthBytes.length)
  }
  const whole = new Uint8Array(1 + lengthBytes.length + length)
  whole[0] = tag
  whole.set(lengthBytes, 1)
  let at = 1 + lengthBytes.length
  for (const content of contents) {
    whole.set(content, at)
    at += content.length
  }
  return whole
}

/** An ordered list of values. */
export function sequence(...items: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...items)
}

/** A set with one member. */
export function setOf(item: Uint8Array): Uint8Array {
  return der(0x31, item)
}

/** A non-negative integer from big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const shortest = bytes.subarray(start)
  return shortest[0]! >= 128 ? der(0x02, new Uint8Array([0]), shortest) : der(0x02, shortest)
}

/** Whole bytes as a bit string. */
export function bitString(bytes: Uint8Array): Uint8Array {
  return der(0x03, new Uint8Array([0]), bytes)
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return der(0x04, bytes)
}

/** An object identifier in dotted form. */
export function objectId(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const part of [first * 40 + second, ...others]) {
    const groups = [part & 127]
    for (let rest = part >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 127) | 128)
    bytes.push(...groups)
  }
  return der(0x06, new Uint8Array(bytes))
}

/** Text of ASCII letters, digits and a few signs. */
export function printableString(text: string): Uint8Array {
  return der(0x13, ascii(text))
}

/** A moment as `YYYYMMDDHHMMSSZ`. */
export function generalizedTime(text: string): Uint8Array {
  return der(0x18, ascii(text))
}

/** A moment before 2050 as `YYMMDDHHMMSSZ`. */
export function utcTime(text: string): Uint8Array {
  return der(0x17, ascii(text))
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
