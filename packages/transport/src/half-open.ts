import type { SocketCaps } from './websocket/sockets.ts'

/**
 * Counts the connections of a listener that are not yet links, in all and by address. Of an IPv6 address the first 64
 * bits count, since whoever has one address there has them all.
 */
export class HalfOpenCount {
  readonly #caps: SocketCaps
  readonly #countByAddress = new Map<string, number>()
  #count = 0

  constructor(caps: SocketCaps) {
    this.#caps = caps
  }

  /** Connections counted now. */
  get size(): number {
    return this.#count
  }

  /** Counts a connection and gives what uncounts it, once; `undefined` when a cap is reached. */
  enter(address: string): (() => void) | undefined {
    const source = sourceOf(address)
    const here = this.#countByAddress.get(source) ?? 0
    const { maxHalfOpen, maxHalfOpenPerAddress } = this.#caps
    if (this.#count >= maxHalfOpen || here >= maxHalfOpenPerAddress) return undefined
    this.#count++
    this.#countByAddress.set(source, here + 1)
    let counted = true
    return () => {
      if (!counted) return
      counted = false
      this.#leave(source)
    }
  }

  #leave(source: string): void {
    this.#count--
    const left = this.#countByAddress.get(source)! - 1
    if (left === 0) this.#countByAddress.delete(source)
    else this.#countByAddress.set(source, left)
  }
}

/** What an address counts as. Source: RFC 4291 section 2.2 for the forms of IPv6 addresses. */
function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  if (!address.includes(':')) return address
  const [head, tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const after = tail ?? []
  const zeros = Array<string>(Math.max(0, 8 - head!.length - after.length)).fill('0')
  return [...head!, ...zeros, ...after].slice(0, 4).join(':')
}
