import type { BlockCode } from './block-code.ts'
import { draw, ltSources, maxLtSources } from './lt-symbols.ts'

/**
 * The rows of ones and zeros of a constraint matrix: first the `s` LDPC rows, then `h` empty ones in the places of the
 * HDPC rows, then one row an encoding symbol. `columns[starts[r]]` to `columns[starts[r + 1] - 1]` are the ones of row r.
 */
export interface ConstraintRows {
  readonly count: number
  readonly starts: Int32Array
  readonly columns: Int32Array
}

/** The rows for encoding symbols with these internal ids. Source: RFC 6330 section 5.3.3.4.2. */
export function constraintRows(code: BlockCode, ids: Int32Array): ConstraintRows {
  const { s, h, b } = code
  const count = s + h + ids.length
  const starts = new Int32Array(count + 1)
  const room = new Int32Array(3 * b + 3 * s + ids.length * maxLtSources)
  let end = ldpcRows(code, starts, room)
  for (let row = s; row < s + h; row++) starts[row + 1] = end
  for (let index = 0; index < ids.length; index++) {
    end = ltSources(code, ids[index]!, room, end)
    starts[s + h + index + 1] = end
  }
  return { count, starts, columns: room.subarray(0, end) }
}

/** Source: RFC 6330 section 5.3.3.3, the LDPC relations. */
function ldpcRows(code: BlockCode, starts: Int32Array, columns: Int32Array): number {
  const { s, b, w, p } = code
  const ends = new Int32Array(s)
  const touch = (visit: (row: number, column: number) => void): void => {
    for (let column = 0; column < b; column++) {
      const step = 1 + Math.floor(column / s)
      let row = column % s
      visit(row, column)
      row = (row + step) % s
      visit(row, column)
      row = (row + step) % s
      visit(row, column)
    }
  }
  touch((row) => {
    ends[row]! += 1
  })
  for (let row = 0; row < s; row++) {
    starts[row + 1] = starts[row]! + ends[row]! + 3
    ends[row] = starts[row]!
  }
  touch((row, column) => {
    columns[ends[row]!++] = column
  })
  for (let row = 0; row < s; row++) {
    let end = ends[row]!
    columns[end++] = b + row
    columns[end++] = w + (row % p)
    columns[end] = w + ((row + 1) % p)
  }
  return starts[s]!
}

/**
 * In which two HDPC rows the running sum stands after each of the first `padded + s - 1` columns, two numbers a
 * column. After the last column it stands in row i times alpha to the i. Source: RFC 6330 section 5.3.3.3, matrix MT.
 */
export function hdpcPlaces(code: BlockCode): Int32Array {
  const { padded, s, h } = code
  const places = new Int32Array(2 * (padded + s - 1))
  for (let column = 0; column < padded + s - 1; column++) {
    const first = draw(column + 1, 6, h)
    places[2 * column] = first
    places[2 * column + 1] = (first + draw(column + 1, 7, h - 1) + 1) % h
  }
  return places
}
