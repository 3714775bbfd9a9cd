/**
 * Order of texts by their UTF-8 bytes, which is the order of code points. It differs from the order of UTF-16 units
 * above U+FFFF, so `Array.sort()` alone would give another signed byte string there.
 */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** A fresh list in the order of UTF-8 bytes. */
export function sortedTexts(texts: Iterable<string>): string[] {
  return [...texts].sort(compareText)
}

/** Surrogates stand for code points above every other unit. Source: RFC 2781 section 2.1. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit
}
