import { type Bytes, concat, utf8 } from '@kithnet/kernel'
import { FixedWidthWriter } from '../fixed-width.ts'
import { sortedTexts } from '../text-order.ts'
import { pairTreeRoot } from '../witness/pair-tree.ts'

/** How much of an aggregate comes from one member. */
export interface MemberMass {
  readonly id: string
  readonly mass: number
}

/** Source: CIRIS, holonomic v19, section 19.7.1: masses are committed in millionths. */
const massUnits = 1_000_000
/** Largest 64-bit number: a conversion saturates there. */
const maxU64 = 2n ** 64n - 1n

/** The commitment to a set of members, whatever their order. */
export function memberCommitment(ids: readonly string[]): Bytes {
  return pairTreeRoot(ids.map((id) => utf8(id)))
}

/** Members in the order to which `memberCommitment` commits. */
export function descend(ids: readonly string[]): readonly string[] {
  return sortedTexts(ids)
}

/** A mass in millionths, halves away from zero. Nothing for what is not above zero. */
export function fixedMass(mass: number): bigint {
  if (!(mass > 0)) return 0n
  const units = roundHalfAway(mass * massUnits)
  return Number.isFinite(units) && BigInt(units) <= maxU64 ? BigInt(units) : maxU64
}

/** The commitment to members and their masses. */
export function massCommitment(members: readonly MemberMass[]): Bytes {
  return pairTreeRoot(
    members.map(({ id, mass }) =>
      concat(utf8(id), new FixedWidthWriter().u64(fixedMass(mass)).finish()),
    ),
  )
}

/** How many equal members would weigh as these do. Source: CIRIS, holonomic v19, section 19.7.1.2. */
export function effectiveCount(masses: readonly number[]): number {
  let sum = 0
  let squares = 0
  for (const mass of masses) {
    if (!(mass > 0)) continue
    sum += mass
    squares += mass * mass
  }
  return squares === 0 ? 0 : Math.max(1, roundHalfAway((sum * sum) / squares))
}

/** `Math.round` of what is not negative, without its error just below a half. */
function roundHalfAway(value: number): number {
  const whole = Math.floor(value)
  return value - whole >= 0.5 ? whole + 1 : whole
}
