/** A source of randomness that a machine is given. Same seed, same numbers. */
export interface Rng {
  /** A uniform integer in [0, 2^32). */
  u32(): number
  /** A uniform integer in [0, bound), 1 <= bound <= 2^32, without modulo bias. */
  below(bound: number): number
  /** A uniform multiple of 2^-32 in [0, 1). */
  unit(): number
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>
  /** An independent generator for one purpose; forks with different labels do not overlap. */
  fork(label: string): Rng
}

/** An `Rng` over any source of 32-bit words: the host's entropy in a node, a seed in a test. */
export function rngFrom(u32: () => number, fork: (label: string) => Rng): Rng {
  const below = (bound: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const word = u32()
      if (word < limit) return word % bound
    }
  }
  const bytes = (length: number): Uint8Array<ArrayBuffer> => {
    const out = new Uint8Array(length)
    for (let index = 0; index < length; index += 4) {
      const word = u32()
      const end = Math.min(index + 4, length)
      for (let at = index; at < end; at++) out[at] = word >>> (8 * (at - index))
    }
    return out
  }
  return { u32, below, unit: () => u32() / 2 ** 32, bytes, fork }
}

/**
 * xoshiro128**, seeded through splitmix32. Deterministic on every host; not for secrets.
 *
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018.
 */
export function seededRng(seed: number | string): Rng {
  let mix = typeof seed === 'number' ? seed >>> 0 : hashText(seed)
  const next = (): number => {
    mix = (mix + 0x9e3779b9) | 0
    let word = mix ^ (mix >>> 16)
    word = Math.imul(word, 0x21f0aaad)
    word ^= word >>> 15
    word = Math.imul(word, 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }
  let a = next()
  let b = next()
  let c = next()
  let d = next() | 1
  const forkBase = next()
  const u32 = (): number => {
    const product = Math.imul(b, 5)
    const out = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return out
  }
  return rngFrom(u32, (label) =>
    seededRng((hashText(label) ^ Math.imul(forkBase, 0x85ebca6b)) >>> 0),
  )
}

/** A uniformly chosen element, or `undefined` of an empty list. */
export function pick<T>(rng: Rng, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : items[rng.below(items.length)]
}

/** A fresh list with the same elements in uniformly random order. Source: Fisher and Yates. */
export function shuffled<T>(rng: Rng, items: readonly T[]): T[] {
  const list = items.slice()
  for (let index = list.length - 1; index > 0; index--) {
    const other = rng.below(index + 1)
    const moved = list[index]!
    list[index] = list[other]!
    list[other] = moved
  }
  return list
}

/** At most `count` distinct elements, uniformly chosen, in random order. */
export function sample<T>(rng: Rng, items: readonly T[], count: number): T[] {
  const list = items.slice()
  const wanted = Math.min(count, list.length)
  for (let index = 0; index < wanted; index++) {
    const other = index + rng.below(list.length - index)
    const moved = list[index]!
    list[index] = list[other]!
    list[other] = moved
  }
  list.length = wanted
  return list
}

/** FNV-1a, 32 bits: spreads labels over seeds. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
