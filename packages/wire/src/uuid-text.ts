import { idLength } from './record-limits.ts'

/** What each byte is in a UUID: nothing for a hexadecimal digit in lower case, one for a hyphen, much for others. */
const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  if (/[0-9a-f]/.test(character)) return 0
  return character === '-' ? 1 : 64
})

/** True when 36 bytes are a UUID in lower case. Source: RFC 9562, section 4. */
export function isUuidAt(bytes: Uint8Array, at: number): boolean {
  let sum = 0
  for (let index = at; index < at + idLength; index += 4) {
    sum +=
      kinds[bytes[index]!]! +
      kinds[bytes[index + 1]!]! +
      kinds[bytes[index + 2]!]! +
      kinds[bytes[index + 3]!]!
  }
  return sum === 4 && hasHyphens(bytes, at)
}

/** Writes a text over the 36 bytes of a view; false when it is no UUID in lower case. */
export function writeUuid(view: DataView, at: number, text: string): boolean {
  if (text.length !== idLength) return false
  let sum = 0
  let all = 0
  // Four at a time takes two thirds of the time of one.
  for (let index = 0; index < idLength; index += 4) {
    const a = text.charCodeAt(index)
    const b = text.charCodeAt(index + 1)
    const c = text.charCodeAt(index + 2)
    const d = text.charCodeAt(index + 3)
    all |= a | b | c | d
    sum += kinds[a & 0xff]! + kinds[b & 0xff]! + kinds[c & 0xff]! + kinds[d & 0xff]!
    view.setUint32(at + index, (a << 24) | (b << 16) | (c << 8) | d)
  }
  return (
    sum === 4 &&
    all < 0x80 &&
    text.charCodeAt(8) === 0x2d &&
    text.charCodeAt(13) === 0x2d &&
    text.charCodeAt(18) === 0x2d &&
    text.charCodeAt(23) === 0x2d
  )
}

/** True when two UUIDs lie in these bytes and are the same. */
export function isSameUuid(bytes: Uint8Array, first: number, second: number): boolean {
  // From the end, where two ids of one author and hour differ.
  for (let index = idLength - 1; index >= 0; index--) {
    if (bytes[first + index] !== bytes[second + index]) return false
  }
  return true
}

function hasHyphens(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 8] === 0x2d &&
    bytes[at + 13] === 0x2d &&
    bytes[at + 18] === 0x2d &&
    bytes[at + 23] === 0x2d
  )
}

/** The text of a UUID's 36 bytes. One call with all of them is twice as fast as a decoder or a loop. */
// prettier-ignore
export function uuidAt(b: Uint8Array, i: number): string {
  return String.fromCharCode(
    b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!,
    b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!, b[i + 15]!, b[i + 16]!, b[i + 17]!,
    b[i + 18]!, b[i + 19]!, b[i + 20]!, b[i + 21]!, b[i + 22]!, b[i + 23]!, b[i + 24]!, b[i + 25]!, b[i + 26]!,
    b[i + 27]!, b[i + 28]!, b[i + 29]!, b[i + 30]!, b[i + 31]!, b[i + 32]!, b[i + 33]!, b[i + 34]!, b[i + 35]!,
  )
}
