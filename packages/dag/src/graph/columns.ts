/** The typed arrays that hold one number of every record. */
export type Column = Int32Array | Uint32Array | Float64Array | Uint8Array

/**
 * The column itself where it has room, else a longer copy with room for `length` places at least, and for whole groups of
 * `width`. New places are zero.
 *
 * Grows fourfold while it is small; later by a quarter, so that a large index is at most a quarter air.
 */
export function withRoom<C extends Column>(column: C, length: number, width = 1): C {
  if (length <= column.length) return column
  const grown = column.length * (column.length < smallLength ? smallGrowth : growth)
  const groups = Math.ceil(Math.max(length, firstGroups * width, grown) / width)
  const longer = new (column.constructor as new (length: number) => C)(groups * width)
  longer.set(column)
  return longer
}

/** Places below which a column grows fast: so little air is worth fewer copies. Source: our choice. */
const smallLength = 16_384
/** Source: our choice. */
const smallGrowth = 4
/** Source: our choice. Growth by a quarter copies each number four more times at most over the life of a column. */
const growth = 1.25
/** Source: our choice. */
const firstGroups = 64

/** As `withRoom`, with no place more than asked for. */
export function withExactRoom<C extends Column>(column: C, length: number): C {
  if (length <= column.length) return column
  const longer = new (column.constructor as new (length: number) => C)(length)
  longer.set(column)
  return longer
}
