/**
 * A store that lives in memory and ends with the process.
 *
 * @packageDocumentation
 */
import { type Bytes, toHex } from '@kithnet/kernel'
import type { Change, Entry, LogBounds, LogEntry, Range, Store } from '@kithnet/types'
import { storeError } from './faults.ts'
import {
  checkChanges,
  checkKey,
  checkLimit,
  checkName,
  checkPosition,
  checkValues,
  maxReadBytes,
} from './limits.ts'

/** A fresh, empty store. What it holds is gone when it is closed. */
export function memoryStore(): Store {
  return new MemoryStore()
}

interface Log {
  first: number
  readonly values: Bytes[]
}

class MemoryStore implements Store {
  readonly #spaces = new Map<string, SortedKeys>()
  readonly #logs = new Map<string, Log>()
  #closed = false

  async get(space: string, key: Uint8Array): Promise<Bytes | undefined> {
    this.#check(space)
    checkKey(key)
    return this.#spaces.get(space)?.get(key)?.value.slice()
  }

  async scan(space: string, range: Range): Promise<readonly Entry[]> {
    this.#check(space)
    checkLimit(range.limit)
    return this.#spaces.get(space)?.scan(range) ?? []
  }

  async write(changes: readonly Change[]): Promise<void> {
    if (this.#closed) throw storeError({ code: 'store/closed' })
    checkChanges(changes)
    for (const { space, key, value } of changes) {
      let keys = this.#spaces.get(space)
      if (keys === undefined) {
        keys = new SortedKeys()
        this.#spaces.set(space, keys)
      }
      if (value === undefined) keys.delete(key)
      else keys.set(key, value)
    }
  }

  async append(log: string, values: readonly Uint8Array[]): Promise<number> {
    this.#check(log)
    checkValues(values)
    let known = this.#logs.get(log)
    if (known === undefined) {
      known = { first: 1, values: [] }
      this.#logs.set(log, known)
    }
    const position = known.first + known.values.length
    for (const value of values) known.values.push(new Uint8Array(value))
    return position
  }

  async read(log: string, from: number, limit: number): Promise<readonly LogEntry[]> {
    this.#check(log)
    checkPosition(from)
    checkLimit(limit)
    const known = this.#logs.get(log)
    if (known === undefined) return []
    const entries: LogEntry[] = []
    let bytes = 0
    for (let index = Math.max(0, from - known.first); entries.length < limit; index++) {
      const value = known.values[index]
      if (value === undefined) break
      bytes += value.length
      if (entries.length > 0 && bytes > maxReadBytes) break
      entries.push({ position: known.first + index, value: value.slice() })
    }
    return entries
  }

  async bounds(log: string): Promise<LogBounds> {
    this.#check(log)
    const known = this.#logs.get(log)
    if (known === undefined) return { first: 1, next: 1 }
    return { first: known.first, next: known.first + known.values.length }
  }

  async trim(log: string, before: number): Promise<void> {
    this.#check(log)
    checkPosition(before)
    const known = this.#logs.get(log)
    if (known === undefined || before <= known.first) return
    const count = Math.min(before - known.first, known.values.length)
    known.values.splice(0, count)
    known.first += count
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#spaces.clear()
    this.#logs.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #check(name: string): void {
    if (this.#closed) throw storeError({ code: 'store/closed' })
    checkName(name)
  }
}

/** Entries in the order of their keys. */
class SortedKeys {
  readonly #entries = new Map<string, Entry>()
  /** Keys as hexadecimal, whose order is that of the bytes. */
  readonly #sorted: string[] = []

  get(key: Uint8Array): Entry | undefined {
    return this.#entries.get(toHex(key))
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const hex = toHex(key)
    if (!this.#entries.has(hex)) this.#sorted.splice(this.#rank(hex), 0, hex)
    this.#entries.set(hex, { key: new Uint8Array(key), value: new Uint8Array(value) })
  }

  delete(key: Uint8Array): void {
    const hex = toHex(key)
    if (this.#entries.delete(hex)) this.#sorted.splice(this.#rank(hex), 1)
  }

  scan(range: Range): Entry[] {
    const low = range.from === undefined ? 0 : this.#rank(toHex(range.from))
    const high = range.to === undefined ? this.#sorted.length : this.#rank(toHex(range.to))
    const found: Entry[] = []
    let bytes = 0
    const count = Math.min(range.limit, high - low)
    for (let step = 0; step < count; step++) {
      const hex = this.#sorted[range.reverse === true ? high - 1 - step : low + step]!
      const { key, value } = this.#entries.get(hex)!
      bytes += key.length + value.length
      if (found.length > 0 && bytes > maxReadBytes) break
      found.push({ key: key.slice(), value: value.slice() })
    }
    return found
  }

  #rank(hex: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sorted[middle]! < hex) low = middle + 1
      else high = middle
    }
    return low
  }
}
