import type { StreamClass } from '@kithnet/types'

/** What the order of sending is about. */
export interface Scheduled {
  readonly class: StreamClass
}

/** All classes, the most urgent first. */
export const streamClasses: readonly StreamClass[] = ['membership', 'pubsub', 'bulk']

/**
 * Which stream sends next: the most urgent class that may, and its streams in turn. A class that had to wait for
 * `maxWaitBytes` of more urgent ones goes first, until it has had its share of them.
 */
export class Schedule<S extends Scheduled> {
  readonly #rings: readonly S[][] = streamClasses.map(() => [])
  readonly #waited: number[] = streamClasses.map(() => 0)

  /** True when no stream waits. */
  get isEmpty(): boolean {
    return this.#rings.every((ring) => ring.length === 0)
  }

  /** Adds a stream that is not waiting yet. */
  add(stream: S): void {
    this.#rings[streamClasses.indexOf(stream.class)]!.push(stream)
  }

  remove(stream: S): void {
    const ring = this.#rings[streamClasses.indexOf(stream.class)]!
    const at = ring.indexOf(stream)
    if (at >= 0) ring.splice(at, 1)
  }

  /** The stream whose turn it is, among the classes that may send now; a class that has waited too long always may. */
  next(may: (rank: number) => boolean): S | undefined {
    let chosen = -1
    for (let rank = 0; rank < this.#rings.length; rank++) {
      if (this.#rings[rank]!.length === 0) continue
      const overdue = this.#waited[rank]! >= maxWaitBytes
      if (!overdue && (chosen >= 0 || !may(rank))) continue
      chosen = rank
      if (overdue) break
    }
    return chosen < 0 ? undefined : this.#rings[chosen]![0]
  }

  /** The stream sent so many bytes; it goes to the end of its class, or leaves when it has no more to send. */
  served(stream: S, bytes: number, waitsOn: boolean): void {
    const rank = streamClasses.indexOf(stream.class)
    const ring = this.#rings[rank]!
    if (ring[0] === stream) ring.shift()
    else this.remove(stream)
    if (waitsOn) ring.push(stream)
    this.#waited[rank] = Math.max(0, this.#waited[rank]! - bytes * shareOfOthers)
    for (let lower = rank + 1; lower < this.#rings.length; lower++) {
      this.#waited[lower] = this.#rings[lower]!.length === 0 ? 0 : this.#waited[lower]! + bytes
    }
  }
}

/** How long a lower class waits for more urgent ones. Source: our choice. */
const maxWaitBytes = 262_144
/** Bytes of more urgent classes for each byte of a class that waited: a fifth of a busy link. Source: our choice. */
const shareOfOthers = 4
