/** Smaller variants of a description, the boldest first. */
export type Move<D> = (description: D) => Iterable<D>

/** What a shrinker arrived at. */
export interface Shrunk<D> {
  readonly smallest: D
  /** Descriptions tried. */
  readonly tries: number
}

/**
 * Reduces a description that fails to a smaller one that still fails. Moves are made in their order (nodes,
 * then faults, then events), each for as long as it helps, and all again until none does.
 */
export function shrink<D>(
  failing: D,
  moves: readonly Move<D>[],
  fails: (description: D) => boolean,
  options: { readonly maxTries?: number } = {},
): Shrunk<D> {
  const maxTries = options.maxTries ?? 10_000
  let smallest = failing
  let tries = 0
  const next = (move: Move<D>): D | undefined => {
    for (const candidate of move(smallest)) {
      if (tries >= maxTries) return undefined
      tries++
      if (fails(candidate)) return candidate
    }
    return undefined
  }
  for (let helped = true; helped;) {
    helped = false
    for (const move of moves) {
      for (let found = next(move); found !== undefined; found = next(move)) {
        smallest = found
        helped = true
      }
    }
  }
  return { smallest, tries }
}

/**
 * Leaves parts of a list out: halves, quarters, down to single items.
 * Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.
 */
export function fewerItems<D, T>(
  list: (description: D) => readonly T[],
  withList: (description: D, items: readonly T[]) => D,
): Move<D> {
  return function* (description) {
    const items = list(description)
    for (let size = Math.ceil(items.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < items.length; from += size) {
        yield withList(description, [...items.slice(0, from), ...items.slice(from + size)])
      }
    }
  }
}

/** Makes a whole number smaller, `least` at the lowest: at once, by halves, by one. */
export function smallerNumber<D>(
  number: (description: D) => number,
  withNumber: (description: D, value: number) => D,
  least = 0,
): Move<D> {
  return function* (description) {
    const value = number(description)
    const middle = least + Math.floor((value - least) / 2)
    for (const candidate of new Set([least, middle, value - 1])) {
      if (candidate >= least && candidate < value) yield withNumber(description, candidate)
    }
  }
}
