import { createHash } from 'node:crypto'

/** A line of the file as it is published: its number, its text, and when it was handed to its publisher. */
export interface Line {
  readonly n: number
  readonly text: string
  /** Milliseconds since 1970, with fractions. */
  readonly sentMs: number
}

/** What one peer has received of the file. */
export class LineLedger {
  readonly #textByNumber = new Map<number, string>()
  #duplicates = 0

  /** Counts a line; a line that came before is a duplicate, whatever its text. */
  take(line: Line): void {
    if (this.#textByNumber.has(line.n)) this.#duplicates++
    else this.#textByNumber.set(line.n, line.text)
  }

  get delivered(): number {
    return this.#textByNumber.size
  }

  get duplicates(): number {
    return this.#duplicates
  }

  /** SHA-256 of the lines put back in order, hexadecimal. */
  sha256(): string {
    const numbers = [...this.#textByNumber.keys()].sort((a, b) => a - b)
    return sha256Of(numbers.map((n) => this.#textByNumber.get(n)!))
  }
}

/** SHA-256 of lines joined by line feeds. */
export function sha256Of(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

/** The value below which a share of the numbers lies; 0 of none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
