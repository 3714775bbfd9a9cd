/**
 * Numbers sorted by the times that they stand for, ties by number; what is not a number comes before all times. It
 * catches up when it is asked, so that inserting costs nothing; those that came in order cost next to nothing then.
 */
export class TimeOrder {
  /** Each sorted, none empty, all of one sorted before those of the next. */
  readonly #chunks: Int32Array[] = []
  readonly #counts: number[] = []
  #size = 0

  /** Takes in the numbers below `size`. */
  catchUp(times: Float64Array, size: number): void {
    for (; this.#size < size; this.#size++) this.#insert(times, this.#size)
  }

  /** The numbers whose times lie in [since, until], in order; without bounds all. The order must not change meanwhile. */
  *between(
    times: Float64Array,
    since: number | undefined,
    until: number | undefined,
    newestFirst: boolean,
  ): Generator<number, undefined> {
    const bounded = since !== undefined || until !== undefined
    const low = bounded ? this.#placeOf(times, (time) => time >= (since ?? -Infinity)) : start
    const high = until === undefined ? this.#end() : this.#placeOf(times, (time) => time > until)
    if (newestFirst) yield* this.#down(low, high)
    else yield* this.#up(low, high)
  }

  *#up(low: Place, high: Place): Generator<number, undefined> {
    for (let chunk = low.chunk; chunk <= high.chunk; chunk++) {
      const end = chunk === high.chunk ? high.at : this.#counts[chunk]!
      for (let at = chunk === low.chunk ? low.at : 0; at < end; at++)
        yield this.#chunks[chunk]![at]!
    }
  }

  *#down(low: Place, high: Place): Generator<number, undefined> {
    for (let chunk = high.chunk; chunk >= low.chunk; chunk--) {
      const end = chunk === low.chunk ? low.at : 0
      let at = chunk === high.chunk ? high.at : this.#counts[chunk]!
      while (--at >= end) yield this.#chunks[chunk]![at]!
    }
  }

  #end(): Place {
    return { chunk: this.#chunks.length, at: 0 }
  }

  /** The first place whose time fulfils what all later ones fulfil too. */
  #placeOf(times: Float64Array, fulfils: (time: number) => boolean): Place {
    let chunk = 0
    let high = this.#chunks.length
    while (chunk < high) {
      const middle = (chunk + high) >> 1
      const last = this.#chunks[middle]![this.#counts[middle]! - 1]!
      if (fulfils(times[last]!)) high = middle
      else chunk = middle + 1
    }
    if (chunk === this.#chunks.length) return this.#end()
    const items = this.#chunks[chunk]!
    let at = 0
    let end = this.#counts[chunk]! - 1
    while (at < end) {
      const middle = (at + end) >> 1
      if (fulfils(times[items[middle]!]!)) end = middle
      else at = middle + 1
    }
    return { chunk, at }
  }

  #insert(times: Float64Array, node: number): void {
    const lastChunk = this.#chunks.length - 1
    const last = lastChunk < 0 ? -1 : this.#chunks[lastChunk]![this.#counts[lastChunk]! - 1]!
    if (last < 0 || comesBefore(times, last, node)) return this.#append(node)
    const chunk = this.#chunkFor(times, node)
    const items = this.#chunks[chunk]!
    const count = this.#counts[chunk]!
    let at = 0
    let end = count
    while (at < end) {
      const middle = (at + end) >> 1
      if (comesBefore(times, items[middle]!, node)) at = middle + 1
      else end = middle
    }
    if (count < chunkItems) return this.#insertAt(chunk, at, node)
    this.#split(chunk)
    const half = this.#counts[chunk]!
    if (at <= half) this.#insertAt(chunk, at, node)
    else this.#insertAt(chunk + 1, at - half, node)
  }

  #append(node: number): void {
    const chunk = this.#chunks.length - 1
    if (chunk >= 0 && this.#counts[chunk]! < chunkItems) {
      this.#chunks[chunk]![this.#counts[chunk]!++] = node
      return
    }
    const items = new Int32Array(chunkItems)
    items[0] = node
    this.#chunks.push(items)
    this.#counts.push(1)
  }

  #insertAt(chunk: number, at: number, node: number): void {
    const items = this.#chunks[chunk]!
    items.copyWithin(at + 1, at, this.#counts[chunk])
    items[at] = node
    this.#counts[chunk]!++
  }

  #split(chunk: number): void {
    const half = chunkItems / 2
    const upper = new Int32Array(chunkItems)
    upper.set(this.#chunks[chunk]!.subarray(half))
    this.#counts[chunk] = half
    this.#chunks.splice(chunk + 1, 0, upper)
    this.#counts.splice(chunk + 1, 0, chunkItems - half)
  }

  /** The first chunk that does not end before the number. */
  #chunkFor(times: Float64Array, node: number): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const last = this.#chunks[middle]![this.#counts[middle]! - 1]!
      if (comesBefore(times, last, node)) low = middle + 1
      else high = middle
    }
    return low
  }
}

interface Place {
  readonly chunk: number
  readonly at: number
}

const start: Place = { chunk: 0, at: 0 }

/** The order of the class: times that are not numbers first, then by time, then by number. */
export function comesBefore(times: Float64Array, a: number, b: number): boolean {
  const timeA = times[a]!
  const timeB = times[b]!
  if (timeA < timeB) return true
  if (timeA > timeB) return false
  if (timeA === timeB) return a < b
  const rankA = Number.isNaN(timeA) ? 0 : 1
  const rankB = Number.isNaN(timeB) ? 0 : 1
  return rankA === rankB ? a < b : rankA < rankB
}

/** Numbers in a chunk. Source: our choice; inserting moves half of 2 KiB. */
const chunkItems = 512
