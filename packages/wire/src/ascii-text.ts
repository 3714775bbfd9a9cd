/**
 * The text of bytes below 0x80. Texts of a few characters are read faster by one call with all of them than by a
 * decoder or a loop.
 */
// prettier-ignore
export function asciiAt(b: Uint8Array, i: number, length: number): string {
  switch (length) {
    case 0: return ''
    case 1: return String.fromCharCode(b[i]!)
    case 2: return String.fromCharCode(b[i]!, b[i + 1]!)
    case 3: return String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!)
    case 4: return String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!)
    case 5: return String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!)
    case 6: return String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!)
    case 7: return String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!)
    default: return eightAt(b, i) + asciiAt(b, i + 8, length - 8)
  }
}

// prettier-ignore
function eightAt(b: Uint8Array, i: number): string {
  return String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!)
}
