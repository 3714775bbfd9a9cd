import { type KeyHash, KeyTable, type Words } from './key-table.ts'

/**
 * Numbers the ids of records in the order in which they come. A lower-case UUID takes 16 bytes and its share of a
 * table; any other text, which only old data has, stands in a map beside.
 */
export class RecordIds {
  readonly #table: KeyTable
  readonly #numbersByText = new Map<string, number>()
  /** By number, the texts of ids that are not UUIDs; empty while there are none. */
  readonly #texts: (string | undefined)[] = []
  readonly #key: Words = new Uint32Array(idWords)
  /** What `candidate` looked up: its words and their hash, or its text. */
  readonly #candidate: Words = new Uint32Array(idWords)
  #candidateHash = 0
  #candidateText: string | undefined

  constructor(hash: KeyHash) {
    this.#table = new KeyTable(idWords, hash)
  }

  /** Makes room for so many ids in all. */
  reserve(size: number): void {
    this.#table.reserve(size)
    this.#table.reserveListed(size)
  }

  /** The number of an id, or -1. */
  find(id: string): number {
    return packUuid(id, this.#key)
      ? this.#table.find(this.#key, 0)
      : (this.#numbersByText.get(id) ?? -1)
  }

  /** The number of an id, or -1, when `admit` would number it. */
  candidate(id: string): number {
    if (!packUuid(id, this.#candidate)) {
      this.#candidateText = id
      return this.#numbersByText.get(id) ?? -1
    }
    this.#candidateText = undefined
    this.#candidateHash = this.#table.hashOf(this.#candidate, 0)
    return this.#table.find(this.#candidate, 0, this.#candidateHash)
  }

  /** As `candidate`, of the UUID whose four words stand at `at`, the first byte highest. */
  candidatePacked(words: Words, at: number): number {
    for (let word = 0; word < idWords; word++) this.#candidate[word] = words[at + word]!
    this.#candidateText = undefined
    this.#candidateHash = this.#table.hashOf(words, at)
    return this.#table.find(words, at, this.#candidateHash)
  }

  /** Numbers the candidate, which is not there yet. */
  admit(): number {
    const text = this.#candidateText
    if (text === undefined) return this.#table.add(this.#candidate, 0, this.#candidateHash)
    const number = this.#table.addUnlisted(noUuid, 0)
    this.#numbersByText.set(text, number)
    while (this.#texts.length < number) this.#texts.push(undefined)
    this.#texts.push(text)
    return number
  }

  /** Numbers an id that is not there yet. */
  add(id: string): number {
    this.candidate(id)
    return this.admit()
  }

  /** Numbers the UUID at `at`, which is not there yet. */
  addPacked(words: Words, at: number): number {
    return this.#table.add(words, at)
  }

  at(number: number): string {
    const text = number < this.#texts.length ? this.#texts[number] : undefined
    return text ?? uuidText(this.#table.keys, number * idWords)
  }
}

/** Words of a UUID. */
export const idWords = 4

/** Writes the four words of a lower-case UUID, the first byte highest; false when the text is not one. */
export function packUuid(text: string, words: Words): boolean {
  if (text.length !== 36) return false
  const dashes =
    (text.charCodeAt(8) ^ dash) |
    (text.charCodeAt(13) ^ dash) |
    (text.charCodeAt(18) ^ dash) |
    (text.charCodeAt(23) ^ dash)
  let wrong = dashes === 0 ? 0 : notHex
  for (let word = 0, at = 0; word < idWords; word++) {
    let value = 0
    for (let digit = 0; digit < 8; digit++) {
      const code = text.charCodeAt(digitPlaces[at++]!)
      const nibble = valueOfCode[code & 0xff]!
      wrong |= nibble | (code & 0xff00)
      value = (value << 4) | nibble
    }
    words[word] = value
  }
  return wrong < 16
}

/** The text of a UUID in four words. */
export function uuidText(words: Words, at: number): string {
  const a = words[at]!
  const b = words[at + 1]!
  const c = words[at + 2]!
  const d = words[at + 3]!
  const h = codeOfValue
  // One call with all 36 codes gives a flat string in 0.1 us; joining pieces takes ten times as long.
  // prettier-ignore
  return String.fromCharCode(
    h[a >>> 28]!, h[(a >>> 24) & 15]!, h[(a >>> 20) & 15]!, h[(a >>> 16) & 15]!,
    h[(a >>> 12) & 15]!, h[(a >>> 8) & 15]!, h[(a >>> 4) & 15]!, h[a & 15]!, dash,
    h[b >>> 28]!, h[(b >>> 24) & 15]!, h[(b >>> 20) & 15]!, h[(b >>> 16) & 15]!, dash,
    h[(b >>> 12) & 15]!, h[(b >>> 8) & 15]!, h[(b >>> 4) & 15]!, h[b & 15]!, dash,
    h[c >>> 28]!, h[(c >>> 24) & 15]!, h[(c >>> 20) & 15]!, h[(c >>> 16) & 15]!, dash,
    h[(c >>> 12) & 15]!, h[(c >>> 8) & 15]!, h[(c >>> 4) & 15]!, h[c & 15]!,
    h[d >>> 28]!, h[(d >>> 24) & 15]!, h[(d >>> 20) & 15]!, h[(d >>> 16) & 15]!,
    h[(d >>> 12) & 15]!, h[(d >>> 8) & 15]!, h[(d >>> 4) & 15]!, h[d & 15]!,
  )
}

const dash = 45
const notHex = 0xff
const hexDigits = '0123456789abcdef'
const noUuid: Words = new Uint32Array(idWords)
const codeOfValue = Uint8Array.from(hexDigits, (digit) => digit.charCodeAt(0))
const valueOfCode = new Uint8Array(256).fill(notHex)
for (const [value, code] of codeOfValue.entries()) valueOfCode[code] = value
/** Where the 32 digits of a UUID stand in its text. Source: RFC 9562 section 4. */
const digitPlaces = Uint8Array.from(
  Array.from({ length: 36 }, (_, place) => place).filter(
    (place) => place !== 8 && place !== 13 && place !== 18 && place !== 23,
  ),
)
