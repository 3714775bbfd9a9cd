import { assert } from '@kithnet/kernel'

/** What an event happens to. `kind` and `detail` are the subject's own, given back as they were pushed. */
export interface Subject {
  occur(kind: number, detail: unknown): void
  /** Reads what `occur` is going to read, and changes nothing. */
  warm(): number
}

/**
 * Latest virtual time, in microseconds: 2^46, two years. Later events are kept and never come out.
 * Source: our choice; four wheels of 1,024 slots, the finest of 64 us.
 */
export const horizonUs: number = 2 ** 46

const slots = 1024
/** Source: measured; with ten thousand peers a tick's events and what they touch fit into a core's cache. */
const tickUs = 64
const nowhere = -1
/** In the heap of the present tick, not in a wheel. */
const inHeap = -2

/** An event's numbers lie side by side in 32 bytes, because each place apart would cost a cache miss. */
const doublesPerEvent = 4
const wordsPerEvent = 8
/** Places among the doubles: when it is due, and when it was pushed. */
const due = 0
const pushed = 1
/** Places among the words, behind the doubles. */
const kindOf = 4
const next = 5
const previous = 6
/** The slot that it waits in, `inHeap` or `nowhere`. */
const slotOf = 7

/**
 * The simulator's agenda: events by virtual time, and in the order in which they were pushed when the
 * times are equal. Four timing wheels hold the future and a small heap the present tick, so that the cost
 * of an event does not grow with the number of timers that wait. Events are numbers in reused places.
 *
 * Source: Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987.
 */
export class EventQueue {
  /** The event that `pop` took. */
  atUs = 0
  kind = 0
  subject: Subject | undefined
  detail: unknown
  /** Sum of what `#warm` has read, kept so that no compiler leaves the reads out. */
  warmth = 0

  #capacity = 1024
  #doubles = new Float64Array(doublesPerEvent * this.#capacity)
  #words = new Int32Array(this.#doubles.buffer)
  readonly #subjects: (Subject | undefined)[] = []
  readonly #details: unknown[] = []
  #used = 0
  #free = nowhere
  #pushes = 0

  readonly #heads = new Int32Array(4 * slots).fill(nowhere)
  /** One bit per slot: whether it holds something. */
  readonly #filled = new Int32Array((4 * slots) / 32)
  #tick = 0
  /** Ticks at which the present turn of each wheel but the coarsest ends. */
  #ends: [number, number, number] = [slots, slots ** 2, slots ** 3]

  #heap = new Int32Array(this.#capacity)
  #heapSize = 0
  #size = 0

  /** Events that wait. */
  get size(): number {
    return this.#size
  }

  /** Adds an event and answers with its id, good for `cancel` until the event comes out. */
  push(atUs: number, kind: number, subject: Subject, detail: unknown): number {
    const id = this.#take()
    this.#doubles[id * doublesPerEvent + due] = atUs
    this.#doubles[id * doublesPerEvent + pushed] = this.#pushes++
    this.#words[id * wordsPerEvent + kindOf] = kind
    this.#subjects[id] = subject
    this.#details[id] = detail
    this.#size++
    this.#place(id)
    return id
  }

  /** Removes an event that waits. */
  cancel(id: number): void {
    this.#size--
    this.#subjects[id] = undefined
    this.#details[id] = undefined
    const slot = this.#words[id * wordsPerEvent + slotOf]!
    // One in the heap stays there, without a subject, until it comes out.
    if (slot === inHeap) return
    if (slot !== nowhere) this.#unlink(id, slot)
    this.#release(id)
  }

  /** Takes the earliest event that is due at `limitUs` into the fields of this object. */
  pop(limitUs: number): boolean {
    for (;;) {
      while (this.#heapSize === 0) if (!this.#advance()) return false
      const id = this.#heap[0]!
      const subject = this.#subjects[id]
      const atUs = this.#doubles[id * doublesPerEvent + due]!
      if (subject !== undefined && atUs > limitUs) return false
      this.#dropFirst()
      if (subject !== undefined) {
        this.atUs = atUs
        this.kind = this.#words[id * wordsPerEvent + kindOf]!
        this.subject = subject
        this.detail = this.#details[id]
        this.#subjects[id] = undefined
        this.#details[id] = undefined
        this.#size--
      }
      this.#release(id)
      if (subject !== undefined) return true
    }
  }

  #place(id: number): void {
    const words = this.#words
    const at = id * wordsPerEvent
    const atUs = this.#doubles[id * doublesPerEvent + due]!
    if (atUs >= horizonUs) {
      words[at + slotOf] = nowhere
      return
    }
    const tick = Math.floor(atUs / tickUs)
    if (tick <= this.#tick) {
      words[at + slotOf] = inHeap
      this.#pushHeap(id)
      return
    }
    // The finest wheel whose present turn contains the tick.
    const [end0, end1, end2] = this.#ends
    const level = tick < end0 ? 0 : tick < end1 ? 1 : tick < end2 ? 2 : 3
    const slot = level * slots + slotAt(tick, level)
    const head = this.#heads[slot]!
    words[at + next] = head
    words[at + previous] = nowhere
    if (head !== nowhere) words[head * wordsPerEvent + previous] = id
    else this.#filled[slot >> 5]! |= 1 << (slot & 31)
    this.#heads[slot] = id
    words[at + slotOf] = slot
  }

  #unlink(id: number, slot: number): void {
    const words = this.#words
    const after = words[id * wordsPerEvent + next]!
    const before = words[id * wordsPerEvent + previous]!
    if (before === nowhere) this.#heads[slot] = after
    else words[before * wordsPerEvent + next] = after
    if (after !== nowhere) words[after * wordsPerEvent + previous] = before
    if (this.#heads[slot] === nowhere) this.#filled[slot >> 5]! &= ~(1 << (slot & 31))
  }

  /** Turns the wheels to the next slot that holds something; false when all are empty. */
  #advance(): boolean {
    for (const level of levels) {
      const slot = this.#nextFilled(level, slotAt(this.#tick, level) + 1)
      if (slot === nowhere) continue
      const ticksPerTurn = slots ** (level + 1)
      this.#tick = startOfTurn(this.#tick, ticksPerTurn) + slot * slots ** level
      this.#ends = [
        startOfTurn(this.#tick, slots) + slots,
        startOfTurn(this.#tick, slots ** 2) + slots ** 2,
        startOfTurn(this.#tick, slots ** 3) + slots ** 3,
      ]
      this.#empty(level * slots + slot)
      return true
    }
    return false
  }

  /** The first slot of a wheel, from `from` on, that holds something. */
  #nextFilled(level: Level, from: number): number {
    for (let slot = from; slot < slots; slot = (slot | 31) + 1) {
      const bits = this.#filled[(level * slots + slot) >> 5]! & (-1 << (slot & 31))
      if (bits !== 0) return (slot & ~31) + 31 - Math.clz32(bits & -bits)
    }
    return nowhere
  }

  /** Moves a slot's events to where they now belong: a finer wheel or the heap. */
  #empty(slot: number): void {
    let id = this.#heads[slot]!
    this.#heads[slot] = nowhere
    this.#filled[slot >> 5]! &= ~(1 << (slot & 31))
    while (id !== nowhere) {
      const after = this.#words[id * wordsPerEvent + next]!
      this.#place(id)
      id = after
    }
    this.#warm()
  }

  /**
   * Touches what the events of the present tick are about. With thousands of peers each lies far from the
   * others in memory; asked for in a row, with no work between, many are fetched at once. Measured at ten
   * thousand peers: half as many events again per second.
   */
  #warm(): void {
    let sum = 0
    for (let at = 0; at < this.#heapSize; at++) {
      const subject = this.#subjects[this.#heap[at]!]
      if (subject !== undefined) sum += subject.warm()
    }
    this.warmth = sum
  }

  #pushHeap(id: number): void {
    if (this.#heapSize === this.#heap.length) {
      const wider = new Int32Array(2 * this.#heapSize)
      wider.set(this.#heap)
      this.#heap = wider
    }
    const heap = this.#heap
    let at = this.#heapSize++
    while (at > 0) {
      const parent = (at - 1) >> 1
      const other = heap[parent]!
      if (!this.#precedes(id, other)) break
      heap[at] = other
      at = parent
    }
    heap[at] = id
  }

  #dropFirst(): void {
    const heap = this.#heap
    const size = --this.#heapSize
    if (size === 0) return
    const id = heap[size]!
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#precedes(heap[child + 1]!, heap[child]!)) child++
      const other = heap[child]!
      if (!this.#precedes(other, id)) break
      heap[at] = other
      at = child
    }
    heap[at] = id
  }

  #precedes(a: number, b: number): boolean {
    const doubles = this.#doubles
    const one = a * doublesPerEvent
    const other = b * doublesPerEvent
    const difference = doubles[one + due]! - doubles[other + due]!
    return difference < 0 || (difference === 0 && doubles[one + pushed]! < doubles[other + pushed]!)
  }

  #take(): number {
    const free = this.#free
    if (free !== nowhere) {
      this.#free = this.#words[free * wordsPerEvent + next]!
      return free
    }
    if (this.#used === this.#capacity) this.#grow()
    return this.#used++
  }

  #release(id: number): void {
    this.#words[id * wordsPerEvent + next] = this.#free
    this.#free = id
  }

  #grow(): void {
    assert(this.#capacity < 2 ** 24, 'a simulation has fewer than 2^24 events at a time')
    this.#capacity *= 2
    const wider = new Float64Array(doublesPerEvent * this.#capacity)
    wider.set(this.#doubles)
    this.#doubles = wider
    this.#words = new Int32Array(wider.buffer)
  }
}

type Level = 0 | 1 | 2 | 3
const levels: readonly Level[] = [0, 1, 2, 3]

/** The slot of a tick in a wheel. A tick may have more than 32 bits; shifts see the lowest 32. */
function slotAt(tick: number, level: Level): number {
  return level === 3 ? Math.floor(tick / slots ** 3) : (tick >> (10 * level)) & (slots - 1)
}

function startOfTurn(tick: number, ticksPerTurn: number): number {
  return tick - (tick % ticksPerTurn)
}
