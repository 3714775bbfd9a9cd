/** A 256-bit number as eight 32-bit limbs, the least significant first. Addition is modulo 2^256. */
export type Sum = Uint32Array<ArrayBuffer>

/** Limbs of a sum. */
export const sumLimbs = 8

/** Zero. */
export function zeroSum(): Sum {
  return new Uint32Array(sumLimbs)
}

/** Writes the number that an id is, 64 hex digits, to `limbs` from `at` on. */
export function writeLimbs(id: string, limbs: Sum, at: number): void {
  for (let limb = 0; limb < sumLimbs; limb++) {
    const digit = 56 - limb * 8
    limbs[at + limb] = Number.parseInt(id.slice(digit, digit + 8), 16)
  }
}

/** Adds eight limbs of `limbs` from `at` on to a sum. */
export function addLimbs(sum: Sum, limbs: Sum, at: number): void {
  let carry = 0
  for (let limb = 0; limb < sumLimbs; limb++) {
    const total = sum[limb]! + limbs[at + limb]! + carry
    sum[limb] = total
    carry = total > 0xffff_ffff ? 1 : 0
  }
}

/** Subtracts eight limbs of `limbs` from `at` on from a sum. */
export function subtractLimbs(sum: Sum, limbs: Sum, at: number): void {
  let borrow = 0
  for (let limb = 0; limb < sumLimbs; limb++) {
    const total = sum[limb]! - limbs[at + limb]! - borrow
    sum[limb] = total
    borrow = total < 0 ? 1 : 0
  }
}

/** The 32 big-endian bytes of a sum. */
export function sumToBytes(sum: Sum): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sumLimbs * 4)
  const view = new DataView(bytes.buffer)
  for (let limb = 0; limb < sumLimbs; limb++) view.setUint32(28 - limb * 4, sum[limb]!)
  return bytes
}
