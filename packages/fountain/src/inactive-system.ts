import type { BlockCode } from './block-code.ts'
import { type ConstraintRows, hdpcPlaces } from './constraint-rows.ts'
import { GrowingWords } from './growing-words.ts'
import { fourTimesAlpha, inverse, power, product } from './octets.ts'
import type { Peeling } from './peeling.ts'

/** How the inactive columns are solved for. Sums and octet steps are those of `Plan`. */
export interface InactiveSolution {
  readonly forward: Int32Array
  readonly octetSteps: Int32Array
  readonly backward: Int32Array
  readonly usesHdpc: boolean
  /** For each inactive column the place that it is found in. */
  readonly placeOfInactive: Int32Array
}

/**
 * Solves for the inactive columns: Gauss with bits for the sparse rows that are left, with octets for as many HDPC rows as
 * are still needed. `undefined` when there are fewer independent rows than columns.
 *
 * Source: RFC 6330 section 5.4.2.3, phase 2, binary rows first because only the HDPC rows are not binary.
 */
export function solveInactive(
  code: BlockCode,
  rows: ConstraintRows,
  peeling: Peeling,
  sources: GrowingWords,
): InactiveSolution | undefined {
  const system = new BitSystem(rows, peeling)
  const forward = system.eliminate(sources)
  const missing = peeling.inactive - system.rank
  if (missing > code.h) return undefined
  const octets = new OctetRows(code, peeling, system)
  if (missing > 0 && !octets.eliminate(missing)) return undefined
  const placeOfInactive = new Int32Array(peeling.inactive)
  for (let rank = 0; rank < system.rank; rank++) {
    placeOfInactive[system.pivotColumns[rank]!] = system.pivotPlaces[rank]!
  }
  for (let rank = 0; rank < missing; rank++) {
    placeOfInactive[octets.pivotColumns[rank]!] = octets.pivotPlaces[rank]!
  }
  return {
    forward,
    octetSteps: octets.steps.taken(),
    backward: system.substitute(placeOfInactive, sources),
    usesHdpc: missing > 0,
    placeOfInactive,
  }
}

/** Rows as bits, one an inactive column. */
class BitSystem {
  /** 32-bit words a row. */
  readonly words: number
  rank = 0
  readonly pivotColumns: Int32Array
  readonly pivotPlaces: Int32Array
  /** Rows of the pivots that peeling found: what the inactive columns add to each. */
  readonly peeled: Int32Array
  readonly #peeling: Peeling
  readonly #residual: Int32Array
  /** Where in `#residual` the row of each rank begins. */
  readonly #pivotStarts: Int32Array

  constructor(rows: ConstraintRows, peeling: Peeling) {
    const { inactive, pivots, pivotRows, residual } = peeling
    this.#peeling = peeling
    this.words = (inactive + 31) >>> 5
    this.peeled = new Int32Array(pivots * this.words)
    this.#residual = new Int32Array(residual.length * this.words)
    this.pivotColumns = new Int32Array(inactive)
    this.pivotPlaces = new Int32Array(inactive)
    this.#pivotStarts = new Int32Array(inactive)
    for (let pivot = 0; pivot < pivots; pivot++) {
      this.#collect(rows, pivotRows[pivot]!, pivot, this.peeled, pivot * this.words)
    }
    for (let index = 0; index < residual.length; index++) {
      this.#collect(rows, residual[index]!, -1, this.#residual, index * this.words)
    }
  }

  /** Brings the residual rows to echelon form. Gives the sums that do the same with symbols. */
  eliminate(sources: GrowingWords): Int32Array {
    const { residual, inactive } = this.#peeling
    const sums = new GrowingWords(3 * inactive)
    for (let index = 0; index < residual.length && this.rank < inactive; index++) {
      const at = index * this.words
      const first = sources.length
      this.#reduce(at, sources)
      const column = this.#leading(at)
      // A row that others add up to says nothing new.
      if (column < 0) continue
      const place = residual[index]!
      sums.push(place)
      sums.push(first)
      sums.push(sources.length)
      this.pivotColumns[this.rank] = column
      this.pivotPlaces[this.rank] = place
      this.#pivotStarts[this.rank++] = at
    }
    return sums.taken()
  }

  /** The sums that clear each row of the columns of later ones, last row first. */
  substitute(placeOfInactive: Int32Array, sources: GrowingWords): Int32Array {
    const sums = new Int32Array(3 * this.rank)
    for (let rank = this.rank - 1, end = 0; rank >= 0; rank--) {
      const own = this.pivotColumns[rank]!
      sums[end++] = this.pivotPlaces[rank]!
      sums[end++] = sources.length
      this.eachColumn(rank, (column) => {
        if (column !== own) sources.push(placeOfInactive[column]!)
      })
      sums[end++] = sources.length
    }
    return sums
  }

  /** Visits the columns in which the row of this rank has a one. */
  eachColumn(rank: number, visit: (column: number) => void): void {
    const at = this.#pivotStarts[rank]!
    for (let word = 0; word < this.words; word++) {
      for (let bits = this.#residual[at + word]!; bits !== 0; bits &= bits - 1) {
        visit(32 * word + 31 - Math.clz32(bits & -bits))
      }
    }
  }

  #collect(rows: ConstraintRows, row: number, own: number, into: Int32Array, at: number): void {
    const { starts, columns } = rows
    const { roles } = this.#peeling
    const { words, peeled } = this
    for (let next = starts[row]!; next < starts[row + 1]!; next++) {
      const role = roles[columns[next]!]!
      if (role < 0) into[at + (~role >>> 5)]! ^= 1 << (~role & 31)
      else if (role !== own) {
        const from = role * words
        for (let word = 0; word < words; word++) into[at + word]! ^= peeled[from + word]!
      }
    }
  }

  #reduce(at: number, sources: GrowingWords): void {
    const bits = this.#residual
    for (let rank = 0; rank < this.rank; rank++) {
      const column = this.pivotColumns[rank]!
      if (((bits[at + (column >>> 5)]! >>> (column & 31)) & 1) === 0) continue
      const from = this.#pivotStarts[rank]!
      for (let word = 0; word < this.words; word++) bits[at + word]! ^= bits[from + word]!
      sources.push(this.pivotPlaces[rank]!)
    }
  }

  #leading(at: number): number {
    for (let word = 0; word < this.words; word++) {
      const bits = this.#residual[at + word]!
      if (bits !== 0) return 32 * word + 31 - Math.clz32(bits & -bits)
    }
    return -1
  }
}

/** The HDPC rows, an octet an inactive column, after the columns that peeling found are gone from them. */
class OctetRows {
  readonly steps: GrowingWords = new GrowingWords(64)
  readonly pivotColumns: number[] = []
  readonly pivotPlaces: number[] = []
  readonly #code: BlockCode
  readonly #peeling: Peeling
  readonly #bits: BitSystem
  readonly #width: number
  #octets: Uint8Array = new Uint8Array(0)

  constructor(code: BlockCode, peeling: Peeling, bits: BitSystem) {
    this.#code = code
    this.#peeling = peeling
    this.#bits = bits
    this.#width = 32 * bits.words
  }

  /** Finds `missing` more pivots; false when the HDPC rows have not as many. */
  eliminate(missing: number): boolean {
    const { s, h } = this.#code
    this.#octets = this.#accumulate()
    for (let row = 0; row < h && this.pivotPlaces.length < missing; row++) {
      this.#clearBinary(row)
      for (const [rank, column] of this.pivotColumns.entries()) {
        this.#subtract(row, this.pivotPlaces[rank]! - s, this.#octets[row * this.#width + column]!)
      }
      const column = this.#leading(row)
      if (column < 0) continue
      this.#scale(row, inverse(this.#octets[row * this.#width + column]!))
      this.pivotColumns.push(column)
      this.pivotPlaces.push(s + row)
    }
    if (this.pivotPlaces.length < missing) return false
    for (let rank = missing - 1; rank >= 0; rank--) {
      const row = this.pivotPlaces[rank]! - s
      for (let later = rank + 1; later < missing; later++) {
        const column = this.pivotColumns[later]!
        this.#subtract(row, this.pivotPlaces[later]! - s, this.#octets[row * this.#width + column]!)
      }
    }
    return true
  }

  /** Source: RFC 6330 section 5.3.3.3: HDPC is MT times GAMMA, which makes a running sum of each row of columns. */
  #accumulate(): Uint8Array {
    const { padded, s, h } = this.#code
    const { roles } = this.#peeling
    const words = this.#width >>> 2
    const sums = new Int32Array(h * words)
    const running = new Int32Array(words)
    const places = hdpcPlaces(this.#code)
    const last = padded + s - 1
    for (let column = 0; column <= last; column++) {
      this.#advance(running, roles[column]!)
      if (column === last) break
      const first = places[2 * column]! * words
      const second = places[2 * column + 1]! * words
      for (let word = 0; word < words; word++) {
        const octets = running[word]!
        sums[first + word]! ^= octets
        sums[second + word]! ^= octets
      }
    }
    const octets = new Uint8Array(sums.buffer)
    const end = new Uint8Array(running.buffer)
    for (let row = 0; row < h; row++) {
      const factor = power(row)
      for (let at = 0; at < this.#width; at++) {
        octets[row * this.#width + at]! ^= product(factor, end[at]!)
      }
      // The identity part: columns after the running ones, which are never a pivot of peeling.
      octets[row * this.#width + ~roles[last + 1 + row]!]! ^= 1
    }
    return octets
  }

  /** The running sum times alpha, plus what the next column is in terms of inactive ones. */
  #advance(running: Int32Array, role: number): void {
    const { words, peeled } = this.#bits
    if (role < 0) {
      for (let word = 0; word < running.length; word++) {
        running[word] = fourTimesAlpha(running[word]!)
      }
      running[~role >>> 2]! ^= 1 << (8 * (~role & 3))
      return
    }
    for (let word = 0; word < words; word++) {
      let bits = peeled[role * words + word]!
      for (let four = 8 * word; four < 8 * word + 8; four++) {
        running[four] = fourTimesAlpha(running[four]!) ^ octetsOfBits[bits & 15]!
        bits >>>= 4
      }
    }
  }

  #clearBinary(row: number): void {
    const octets = this.#octets
    const start = row * this.#width
    for (let rank = 0; rank < this.#bits.rank; rank++) {
      const factor = octets[start + this.#bits.pivotColumns[rank]!]!
      if (factor === 0) continue
      this.#bits.eachColumn(rank, (column) => {
        octets[start + column]! ^= factor
      })
      this.#step(this.#code.s + row, this.#bits.pivotPlaces[rank]!, factor)
    }
  }

  #subtract(row: number, other: number, factor: number): void {
    if (factor === 0) return
    const octets = this.#octets
    for (let column = 0; column < this.#width; column++) {
      octets[row * this.#width + column]! ^= product(factor, octets[other * this.#width + column]!)
    }
    this.#step(this.#code.s + row, this.#code.s + other, factor)
  }

  #scale(row: number, factor: number): void {
    if (factor === 1) return
    const start = row * this.#width
    for (let at = start; at < start + this.#width; at++) {
      this.#octets[at] = product(factor, this.#octets[at]!)
    }
    // c x = x + (c + 1) x, so that one kind of step is enough.
    this.#step(this.#code.s + row, this.#code.s + row, factor ^ 1)
  }

  #leading(row: number): number {
    for (let column = 0; column < this.#peeling.inactive; column++) {
      if (this.#octets[row * this.#width + column] !== 0) return column
    }
    return -1
  }

  #step(place: number, added: number, factor: number): void {
    this.steps.push(place)
    this.steps.push(added)
    this.steps.push(factor)
  }
}

/** Four bits as four octets, lowest first. */
const octetsOfBits: Int32Array = Int32Array.from(
  { length: 16 },
  (_, bits) => (bits & 1) | ((bits & 2) << 7) | ((bits & 4) << 14) | ((bits & 8) << 21),
)
