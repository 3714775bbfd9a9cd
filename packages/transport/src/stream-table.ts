import type { LinkFault } from './faults.ts'
import type { MuxStream } from './mux-stream.ts'

/** The streams of a link by id. The side that dialled gives odd ids, the other even ones, each rising. */
export class StreamTable {
  readonly #streams = new Map<number, MuxStream>()
  /** Streams that we reset and whose reset by the other side is still to come. */
  readonly #fading = new Set<number>()
  #nextOurs: number
  #lastTheirs = 0

  constructor(dialled: boolean) {
    this.#nextOurs = dialled ? 1 : 2
  }

  get size(): number {
    return this.#streams.size
  }

  /** The id that the next stream opened here will have. */
  get nextOurs(): number {
    return this.#nextOurs
  }

  get(id: number): MuxStream | undefined {
    return this.#streams.get(id)
  }

  values(): IterableIterator<MuxStream> {
    return this.#streams.values()
  }

  add(stream: MuxStream): void {
    this.#streams.set(stream.id, stream)
    if (this.#isOurs(stream.id)) this.#nextOurs += 2
    else this.#lastTheirs = stream.id
  }

  /** Forgets a stream. `fades` when frames for it may still be on their way until the other side's reset. */
  remove(id: number, fades: boolean): void {
    this.#streams.delete(id)
    if (fades) this.#fading.add(id)
  }

  isFading(id: number): boolean {
    return this.#fading.has(id)
  }

  /** The other side's reset came. False when the stream was not fading. */
  faded(id: number): boolean {
    return this.#fading.delete(id)
  }

  /** True for an id that the other side may open next. */
  isNew(id: number): boolean {
    return !this.#isOurs(id) && id > this.#lastTheirs
  }

  /** True for the id of a stream that once was; else the fault of naming it. */
  isPast(id: number, kind: number): LinkFault | true {
    const past = this.#isOurs(id) ? id < this.#nextOurs : id <= this.#lastTheirs
    return past || { code: 'transport/frame-stream', kind, stream: id }
  }

  /** Open and fading streams of the side that gives ids like this one. */
  countLike(id: number): number {
    let count = 0
    for (const other of this.#streams.keys()) if ((other & 1) === (id & 1)) count++
    for (const other of this.#fading) if ((other & 1) === (id & 1)) count++
    return count
  }

  #isOurs(id: number): boolean {
    return (id & 1) === (this.#nextOurs & 1)
  }
}
