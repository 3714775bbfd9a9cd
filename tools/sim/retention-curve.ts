/** What is known before a run of who leaves for good and how soon a holder follows. */
export interface Leaving {
  /** Peers that leave for good, per peer and millisecond. */
  readonly rate: number
  /** From a holder's leaving until another peer holds as much, in milliseconds, on average. */
  readonly mendMs: number
}

/**
 * The exact curve where holders leave for good and others follow. Each of the target's places is vacant for `mendMs` after
 * each leaving, a share of all time by renewal; so a holder is there with the availability times the rest. This
 * is how `policyFor` reads its `churn`.
 */
export function availabilityWithLeaving(availability: number, { rate, mendMs }: Leaving): number {
  return availability / (1 + rate * mendMs)
}

/** The probability that at least so many of independent events happen. */
function atLeast(probabilities: readonly number[], least: number): number {
  // exactly[k]: the probability that k have happened; from `least` on they need not be told apart.
  const exactly: number[] = [1, ...Array.from({ length: least }, () => 0)]
  for (const probability of probabilities) {
    for (let count = least; count > 0; count--) {
      const stays = count === least ? 1 : 1 - probability
      exactly[count] = exactly[count]! * stays + exactly[count - 1]! * probability
    }
    exactly[0] = exactly[0]! * (1 - probability)
  }
  return exactly[least]!
}

/** One look at a content: what was found, and what may be said of it beforehand. */
export interface Look {
  /** Whether the shares that were there rebuild it: 1 or 0. */
  readonly survives: number
  /** The probability of that for these holders, each there with the availability. */
  readonly expected: number
  /** Distinct shares that were there, less how many are expected. */
  readonly excess: number
  /** The square of the excess, less its expectation. */
  readonly spread: number
}

/** A look at holders of which share i has `copies[i]`, when `present` distinct shares were there. */
export function lookAt(
  survives: boolean,
  present: number,
  copies: Iterable<number>,
  sourceSymbols: number,
  availability: number,
): Look {
  const there = Array.from(copies, (count) => 1 - (1 - availability) ** count)
  const mean = there.reduce((sum, probability) => sum + probability, 0)
  const variance = there.reduce((sum, probability) => sum + probability * (1 - probability), 0)
  const excess = present - mean
  return {
    survives: survives ? 1 : 0,
    expected: atLeast(there, sourceSymbols),
    excess,
    spread: excess * excess - variance,
  }
}

/**
 * How far the looks of each run are from what was expected, on average, with two control variates of mean 0 whose weights come
 * from all runs: who is there by chance is the same noise in both, and is taken out. One number a run.
 */
export function controlledGaps(runs: readonly (readonly Look[])[]): readonly number[] {
  const looks = runs.flat()
  const gap = ({ survives, expected }: Look): number => survives - expected
  const weights = leastSquares(
    looks.map(({ excess, spread }) => [excess, spread] as const),
    looks.map(gap),
  )
  return runs.map((run) => {
    const sum = run.reduce(
      (total, look) => total + gap(look) - weights[0] * look.excess - weights[1] * look.spread,
      0,
    )
    return sum / run.length
  })
}

/** The weights of two regressors, without a constant: their means are 0 by construction. */
function leastSquares(
  regressors: readonly (readonly [number, number])[],
  values: readonly number[],
): readonly [number, number] {
  let [aa, ab, bb, ay, by] = [0, 0, 0, 0, 0]
  for (const [index, [a, b]] of regressors.entries()) {
    const value = values[index]!
    aa += a * a
    ab += a * b
    bb += b * b
    ay += a * value
    by += b * value
  }
  const determinant = aa * bb - ab * ab
  if (determinant <= 0) return [0, 0]
  return [(ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant]
}

/** Standard error of the mean of independent numbers; 0 of fewer than two. */
export function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1) / values.length)
}
