/** How often, at most, the same source stands in an aggregate, as far as its members look alike. */
export interface Multiplicity {
  /** Members of the largest group of like ones. */
  readonly most: number
  /** The share of each member's bytes in the sum of all; equal shares when all are zero. */
  readonly masses: readonly number[]
}

/** Members are alike when they differ by less than this many thousandths of what they could. Source: CIRIS v19.7: 950 milli alike. */
const unlikeMilli = 50
/** The most by which two bytes differ. */
const byteRange = 255

/**
 * The multiplicity of the members of an aggregate, all of them stretched to the longest by nearest neighbour. Likeness
 * passes on: two that are each like a third are one group. Work grows with the square of their number; give at most a few
 * hundred. Source: CIRIS, holonomic v19.7, the multiplicity measure.
 */
export function multiplicityOf(members: readonly Uint8Array[]): Multiplicity {
  const length = members.reduce((longest, member) => Math.max(longest, member.length), 0)
  const stretched = members.map((member) => stretch(member, length))
  const groups = members.map((_, index) => index)
  const groupOf = (index: number): number => {
    let at = index
    while (groups[at] !== at) at = groups[at]!
    return at
  }
  for (let a = 0; a < stretched.length; a++) {
    for (let b = a + 1; b < stretched.length; b++) {
      if (areAlike(stretched[a]!, stretched[b]!)) groups[groupOf(b)] = groupOf(a)
    }
  }
  const sizes = members.map(() => 0)
  for (const index of members.keys()) sizes[groupOf(index)]! += 1
  return { most: Math.max(0, ...sizes), masses: massesOf(members) }
}

function stretch(member: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from(
    { length },
    (_, index) => member[Math.floor((index * member.length) / length)] ?? 0,
  )
}

function areAlike(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0
  for (let index = 0; index < a.length; index++) difference += Math.abs(a[index]! - b[index]!)
  return 1_000 * difference < unlikeMilli * byteRange * a.length
}

function massesOf(members: readonly Uint8Array[]): readonly number[] {
  const sums = members.map((member) => member.reduce((sum, byte) => sum + byte, 0))
  const total = sums.reduce((all, sum) => all + sum, 0)
  return sums.map((sum) => (total === 0 ? 1 / members.length : sum / total))
}
