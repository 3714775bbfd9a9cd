import type { BlockCode } from './block-code.ts'
import { type ConstraintRows, constraintRows, hdpcPlaces } from './constraint-rows.ts'
import { GrowingWords } from './growing-words.ts'
import { solveInactive } from './inactive-system.ts'
import { peel, type Peeling } from './peeling.ts'

/**
 * What is to be done with the bytes of symbols to turn encoding symbols into intermediate ones, whatever those bytes
 * are. A symbol has a place: place r is row r of the constraint matrix, and what a row gave away is found in its place
 * in the end. A _sum_ is three numbers: the place that gets the sum, and where its sources begin and end in `sources`.
 */
export interface Plan {
  readonly code: BlockCode
  readonly places: number
  readonly sources: Int32Array
  /** One a pivot, in order; sources are earlier pivots. The sums are kept aside, not in the places. */
  readonly forward: Int32Array
  /** Of rows that are no pivot; sources are pivots. */
  readonly residual: Int32Array
  /** For each column before the HDPC ones its pivot or -1, or empty where no HDPC row is needed. */
  readonly running: Int32Array
  /** The two HDPC rows that the running sum is added to after each column. */
  readonly hdpcPlaces: Int32Array
  /** Among rows that are no pivot; sources are places, here and below. */
  readonly denseForward: Int32Array
  /** Three numbers each: a place, what is added to it, and the octet that this is multiplied by. */
  readonly octetSteps: Int32Array
  readonly denseBackward: Int32Array
  /** One a pivot, in order, back to the rows as they were. */
  readonly backward: Int32Array
  /** The place in which each intermediate symbol is in the end. */
  readonly placeOfColumn: Int32Array
}

/**
 * How to solve for the intermediate symbols from the encoding symbols with these internal ids, or `undefined` when they do
 * not determine them. Places of the symbols are `s + h` and up, in the order of `ids`.
 */
export function planFor(code: BlockCode, ids: Int32Array): Plan | undefined {
  const rows = constraintRows(code, ids)
  if (rows.count < code.l) return undefined
  const peeling = peel(code, rows)
  const sources = new GrowingWords(3 * rows.columns.length)
  const forward = forwardSums(rows, peeling, sources)
  const residual = residualSums(rows, peeling, sources)
  const dense = solveInactive(code, rows, peeling, sources)
  if (dense === undefined) return undefined
  const placeOfColumn = new Int32Array(code.l)
  for (let pivot = 0; pivot < peeling.pivots; pivot++) {
    placeOfColumn[peeling.pivotColumns[pivot]!] = peeling.pivotRows[pivot]!
  }
  for (let column = 0; column < code.l; column++) {
    const role = peeling.roles[column]!
    if (role < 0) placeOfColumn[column] = dense.placeOfInactive[~role]!
  }
  const backward = backwardSums(rows, peeling, placeOfColumn, sources)
  return {
    code,
    places: rows.count,
    sources: sources.taken(),
    forward,
    residual,
    running: dense.usesHdpc ? runningColumns(code, peeling) : new Int32Array(0),
    hdpcPlaces: dense.usesHdpc ? hdpcPlaces(code) : new Int32Array(0),
    denseForward: dense.forward,
    octetSteps: dense.octetSteps,
    denseBackward: dense.backward,
    backward,
    placeOfColumn,
  }
}

function forwardSums(rows: ConstraintRows, peeling: Peeling, sources: GrowingWords): Int32Array {
  const sums = new Int32Array(3 * peeling.pivots)
  for (let pivot = 0; pivot < peeling.pivots; pivot++) {
    const row = peeling.pivotRows[pivot]!
    sums[3 * pivot] = row
    sums[3 * pivot + 1] = sources.length
    pushPivots(rows, row, peeling.roles, pivot, sources)
    sums[3 * pivot + 2] = sources.length
  }
  return sums
}

function residualSums(rows: ConstraintRows, peeling: Peeling, sources: GrowingWords): Int32Array {
  const { residual } = peeling
  const sums = new Int32Array(3 * residual.length)
  for (let index = 0; index < residual.length; index++) {
    const row = residual[index]!
    sums[3 * index] = row
    sums[3 * index + 1] = sources.length
    pushPivots(rows, row, peeling.roles, -1, sources)
    sums[3 * index + 2] = sources.length
  }
  return sums
}

function pushPivots(
  { starts, columns }: ConstraintRows,
  row: number,
  roles: Int32Array,
  except: number,
  sources: GrowingWords,
): void {
  for (let at = starts[row]!; at < starts[row + 1]!; at++) {
    const role = roles[columns[at]!]!
    if (role >= 0 && role !== except) sources.push(role)
  }
}

function backwardSums(
  { starts, columns }: ConstraintRows,
  peeling: Peeling,
  placeOfColumn: Int32Array,
  sources: GrowingWords,
): Int32Array {
  const sums = new Int32Array(3 * peeling.pivots)
  for (let pivot = 0; pivot < peeling.pivots; pivot++) {
    const row = peeling.pivotRows[pivot]!
    const own = peeling.pivotColumns[pivot]!
    sums[3 * pivot] = row
    sums[3 * pivot + 1] = sources.length
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      const column = columns[at]!
      if (column !== own) sources.push(placeOfColumn[column]!)
    }
    sums[3 * pivot + 2] = sources.length
  }
  return sums
}

function runningColumns(code: BlockCode, peeling: Peeling): Int32Array {
  const running = new Int32Array(code.padded + code.s)
  for (let column = 0; column < running.length; column++) {
    running[column] = Math.max(peeling.roles[column]!, -1)
  }
  return running
}
