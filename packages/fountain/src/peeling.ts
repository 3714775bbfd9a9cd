import type { BlockCode } from './block-code.ts'
import type { ConstraintRows } from './constraint-rows.ts'

/** The order in which sparse rows give away columns, and the columns that no row gives away. */
export interface Peeling {
  readonly pivots: number
  /** The row of each pivot; the first `pivots` entries count. */
  readonly pivotRows: Int32Array
  /** The column of each pivot. */
  readonly pivotColumns: Int32Array
  /** For each column its pivot, or the complement of its place among the inactive ones: -1 is the first. */
  readonly roles: Int32Array
  readonly inactive: number
  /** Sparse rows that are no pivot, in order. */
  readonly residual: Int32Array
}

const unknown = 0x7fff_ffff

/**
 * Makes the sparse part of a constraint matrix triangular: a row with one active column left gives it away. Where
 * there is none, a column is made inactive.
 *
 * Source: RFC 6330 section 5.4.2.2, phase 1, without moving rows or columns. When no row has fewer than two, the largest
 * component of columns joined by rows with two is opened, as there; HDPC rows take no part (ADR 25).
 */
export function peel(code: BlockCode, rows: ConstraintRows): Peeling {
  return new Peeler(code, rows).run()
}

class Peeler {
  readonly #code: BlockCode
  readonly #rows: ConstraintRows
  readonly #roles: Int32Array
  /** Active columns that a row still has, and their exclusive or: with one left, that is it. */
  readonly #active: Int32Array
  readonly #mixed: Int32Array
  readonly #rowsOfColumn: { readonly starts: Int32Array; readonly rows: Int32Array }
  readonly #ready: Int32Array
  #readyCount = 0
  readonly #pivotRows: Int32Array
  readonly #pivotColumns: Int32Array
  #pivots = 0
  #inactive = 0
  /** Union-find over columns, joined by rows that have two active ones. */
  readonly #parents: Int32Array
  readonly #sizes: Int32Array
  #lowestActive = 0

  constructor(code: BlockCode, rows: ConstraintRows) {
    this.#code = code
    this.#rows = rows
    const { w, l } = code
    this.#roles = new Int32Array(l).fill(unknown)
    this.#active = new Int32Array(rows.count)
    this.#mixed = new Int32Array(rows.count)
    this.#ready = new Int32Array(rows.count)
    this.#pivotRows = new Int32Array(w)
    this.#pivotColumns = new Int32Array(w)
    this.#parents = new Int32Array(w)
    this.#sizes = new Int32Array(w).fill(1)
    for (let column = 0; column < w; column++) this.#parents[column] = column
    this.#rowsOfColumn = transpose(rows, w)
    for (let column = w; column < l; column++) this.#roles[column] = ~this.#inactive++
  }

  run(): Peeling {
    const { w } = this.#code
    this.#countActive()
    const permanent = this.#inactive
    while (this.#pivots + this.#inactive - permanent < w) {
      const row = this.#nextReady()
      if (row >= 0) this.#takePivot(row)
      else this.#open()
    }
    return {
      pivots: this.#pivots,
      pivotRows: this.#pivotRows,
      pivotColumns: this.#pivotColumns,
      roles: this.#roles,
      inactive: this.#inactive,
      residual: this.#residual(),
    }
  }

  #countActive(): void {
    const { starts, columns, count } = this.#rows
    const { w } = this.#code
    for (let row = 0; row < count; row++) {
      let active = 0
      let mixed = 0
      for (let at = starts[row]!; at < starts[row + 1]!; at++) {
        const column = columns[at]!
        if (column >= w) continue
        active++
        mixed ^= column
      }
      this.#active[row] = active
      this.#mixed[row] = mixed
      if (active === 1) this.#ready[this.#readyCount++] = row
      else if (active === 2) this.#join(row)
    }
  }

  #nextReady(): number {
    while (this.#readyCount > 0) {
      const row = this.#ready[--this.#readyCount]!
      if (this.#active[row] === 1) return row
    }
    return -1
  }

  #takePivot(row: number): void {
    const column = this.#mixed[row]!
    const pivot = this.#pivots++
    this.#pivotRows[pivot] = row
    this.#pivotColumns[pivot] = column
    this.#settle(column, pivot)
    // Below zero it is a pivot; residual rows have no active column left.
    this.#active[row] = -1
  }

  /** A column is active no longer. */
  #settle(column: number, role: number): void {
    this.#roles[column] = role
    const { starts, rows } = this.#rowsOfColumn
    for (let at = starts[column]!; at < starts[column + 1]!; at++) {
      const row = rows[at]!
      const active = --this.#active[row]!
      this.#mixed[row]! ^= column
      if (active === 1) this.#ready[this.#readyCount++] = row
      else if (active === 2) this.#join(row)
    }
  }

  /** Makes a column inactive, so that others can be given away. */
  #open(): void {
    const column = this.#columnOfLargest() ?? this.#columnOfLightest()
    this.#settle(column, ~this.#inactive++)
  }

  /** A column of the largest component of two columns or more. */
  #columnOfLargest(): number | undefined {
    const { w } = this.#code
    while (this.#roles[this.#lowestActive] !== unknown) this.#lowestActive++
    let largest: number | undefined
    let size = 1
    for (let column = this.#lowestActive; column < w; column++) {
      if (this.#roles[column] !== unknown) continue
      // The root of a component is active as long as any other of its columns.
      if (this.#sizes[column]! <= size || this.#parents[column] !== column) continue
      size = this.#sizes[column]!
      largest = column
    }
    return largest
  }

  /** The column in most rows among those of a row with the fewest active ones. */
  #columnOfLightest(): number {
    const { w } = this.#code
    const { starts, columns, count } = this.#rows
    let lightest = -1
    for (let row = 0; row < count; row++) {
      const active = this.#active[row]!
      if (active > 2 && (lightest < 0 || active < this.#active[lightest]!)) lightest = row
    }
    if (lightest < 0) return this.#lowestActive
    let best = -1
    for (let at = starts[lightest]!; at < starts[lightest + 1]!; at++) {
      const column = columns[at]!
      if (column >= w || this.#roles[column] !== unknown) continue
      if (best < 0 || this.#weight(column) > this.#weight(best)) best = column
    }
    return best
  }

  #weight(column: number): number {
    return this.#rowsOfColumn.starts[column + 1]! - this.#rowsOfColumn.starts[column]!
  }

  #join(row: number): void {
    const { starts, columns } = this.#rows
    const { w } = this.#code
    let at = starts[row]!
    while (columns[at]! >= w || this.#roles[columns[at]!] !== unknown) at++
    const one = this.#root(columns[at]!)
    const other = this.#root(columns[at]! ^ this.#mixed[row]!)
    if (one === other) return
    const [large, small] = this.#sizes[one]! < this.#sizes[other]! ? [other, one] : [one, other]
    this.#parents[small] = large
    this.#sizes[large]! += this.#sizes[small]!
  }

  #root(column: number): number {
    let root = column
    while (this.#parents[root] !== root) {
      this.#parents[root] = this.#parents[this.#parents[root]!]!
      root = this.#parents[root]!
    }
    return root
  }

  #residual(): Int32Array {
    const { s, h } = this.#code
    const residual = new Int32Array(this.#rows.count)
    let end = 0
    for (let row = 0; row < this.#rows.count; row++) {
      const dense = row >= s && row < s + h
      if (!dense && this.#active[row]! >= 0) residual[end++] = row
    }
    return residual.subarray(0, end)
  }
}

/** Which rows have a one in each of the first `width` columns. */
function transpose(
  { starts, columns, count }: ConstraintRows,
  width: number,
): { readonly starts: Int32Array; readonly rows: Int32Array } {
  const ends = new Int32Array(width + 1)
  for (const column of columns) if (column < width) ends[column + 1]! += 1
  for (let column = 0; column < width; column++) ends[column + 1]! += ends[column]!
  const columnStarts = ends.slice()
  const rows = new Int32Array(ends[width]!)
  for (let row = 0; row < count; row++) {
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      const column = columns[at]!
      if (column < width) rows[ends[column]!++] = row
    }
  }
  return { starts: columnStarts, rows }
}
