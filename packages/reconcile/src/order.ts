/** An element of a set: when it was made, and its id, 64 lower-case hex digits. */
export interface Item<Id extends string = string> {
  /** Milliseconds since 1970, an integer; the same at every holder of the id. */
  readonly time: number
  readonly id: Id
}

/**
 * A cut between items: those before it are smaller. `id` is a prefix, an even number of hex digits; the empty
 * one lies before every item of its millisecond.
 */
export interface Bound {
  readonly time: number
  readonly id: string
}

/** Before every item. */
export const firstBound: Bound = { time: 0, id: '' }

/** After every item: no item has this time. */
export const lastBound: Bound = { time: Number.MAX_SAFE_INTEGER, id: '' }

/** The order of items and bounds: by time, then by id. A prefix comes before what it begins. */
export function precedes(a: Bound, b: Bound): boolean {
  return a.time < b.time || (a.time === b.time && a.id < b.id)
}

/** The shortest bound with `left` before it and `right` not. */
export function separator(left: Bound, right: Bound): Bound {
  if (left.time !== right.time) return { time: right.time, id: '' }
  let digits = 2
  while (left.id.startsWith(right.id.slice(0, digits))) digits += 2
  return { time: right.time, id: right.id.slice(0, digits) }
}
