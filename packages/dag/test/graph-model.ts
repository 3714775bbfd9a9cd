import { type Bytes, epochMs, type Rng, seededRng, toHex } from '@kithnet/kernel'
import type { RecordHeader } from '../src/stores/record-store.ts'

/** 32 bytes that stand for a number. */
export function digest(of: number | string): Bytes {
  return seededRng(`digest ${of}`).bytes(32)
}

/** A UUIDv7-shaped id that stands for a number. */
export function uuid(of: number | string): string {
  const hex = toHex(seededRng(`id ${of}`).bytes(16))
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** A header of which only what matters to a test is said. */
export function header(
  id: string,
  parents: readonly string[] = [],
  more: Partial<RecordHeader> = {},
): RecordHeader {
  return {
    id,
    parents,
    hash: digest(`hash of ${id}`),
    contentHash: digest(`content of ${id}`),
    creatorKeyHash: digest('creator'),
    classification: 0,
    timestamp: 0,
    firstSeen: epochMs(0),
    ...more,
  }
}

/** How graphs of a test look. */
export interface Shape {
  readonly records: number
  /** Most parents of a record. */
  readonly parents: number
  /** Parents are drawn from this many records before. */
  readonly reach: number
  readonly zones: number
  readonly creators: number
  /** One in so many shares its content with another. */
  readonly shared: number
  /** Ids that are not UUIDs too. */
  readonly odd: boolean
}

/** A random graph: headers in an order in which parents come first. */
export function randomHeaders(rng: Rng, shape: Shape): RecordHeader[] {
  const headers: RecordHeader[] = []
  for (let index = 0; index < shape.records; index++) {
    const parents: string[] = []
    const wanted = rng.below(shape.parents + 1)
    for (let at = 0; at < wanted && index > 0; at++) {
      parents.push(headers[index - 1 - rng.below(Math.min(index, shape.reach))]!.id)
    }
    const isOdd = shape.odd && rng.below(3) === 0
    const zone = rng.below(shape.zones)
    const label = `${index} ${rng.u32()}`
    const content = rng.below(shape.shared) === 0 ? `shared ${rng.below(4)}` : label
    headers.push(
      header(isOdd ? `record ${label} é` : uuid(label), parents, {
        contentHash: digest(content),
        creatorKeyHash: digest(`creator ${rng.below(shape.creators)}`),
        classification: rng.below(4),
        timestamp: rng.below(3) === 0 ? rng.below(20) : index + rng.unit(),
        firstSeen: epochMs(rng.below(1_000_000)),
        ...(zone === 0 ? {} : { zone: `zone ${zone}` }),
      }),
    )
  }
  return headers
}

/** What a graph must answer, the slow way. */
export class GraphModel {
  readonly headers: RecordHeader[] = []
  readonly parents = new Map<string, Set<string>>()

  add(one: RecordHeader): void {
    this.headers.push(one)
    this.parents.set(one.id, new Set(one.parents))
  }

  children(id: string): string[] {
    return this.#ids(({ id: other }) => this.parents.get(other)!.has(id))
  }

  tips(zone?: string): string[] {
    return this.#ids(
      (one) =>
        (zone === undefined || zoneOf(one) === zone) &&
        !this.children(one.id).some((id) => zone === undefined || this.#zone(id) === zone),
    )
  }

  roots(zone?: string): string[] {
    return this.#ids(
      (one) =>
        (zone === undefined || zoneOf(one) === zone) &&
        !one.parents.some((id) => zone === undefined || this.#zone(id) === zone),
    )
  }

  depth(id: string): number {
    let depth = 0
    for (const parent of this.parents.get(id)!) depth = Math.max(depth, this.depth(parent) + 1)
    return depth
  }

  /** Those up to `steps` edges away, the record itself left out. */
  reached(id: string, steps: number, next: (id: string) => Iterable<string>): Set<string> {
    const reached = new Set<string>()
    let level = new Set([id])
    for (let step = 0; step < steps && level.size > 0; step++) {
      const following = new Set<string>()
      for (const one of level) {
        for (const other of next(one)) {
          if (other !== id && !reached.has(other)) following.add(other)
          if (other !== id) reached.add(other)
        }
      }
      level = following
    }
    return reached
  }

  ancestors(id: string, steps = Infinity): Set<string> {
    return this.reached(id, steps, (one) => this.parents.get(one)!)
  }

  descendants(id: string, steps = Infinity): Set<string> {
    return this.reached(id, steps, (one) => this.children(one))
  }

  /** Common ancestors, a record counting as its own, from which no other descends. */
  nearestCommon(a: string, b: string): string[] {
    const ofB = new Set([b, ...this.ancestors(b)])
    const common = new Set([a, ...this.ancestors(a)].filter((id) => ofB.has(id)))
    for (const id of [...common]) for (const above of this.ancestors(id)) common.delete(above)
    return this.#ids(({ id }) => common.has(id))
  }

  notBefore(id: string): number {
    let newest = -Infinity
    const ancestors = this.ancestors(id)
    for (const one of this.headers) {
      if (ancestors.has(one.id)) newest = Math.max(newest, one.timestamp)
    }
    return newest
  }

  #zone(id: string): string {
    return zoneOf(this.headers.find((one) => one.id === id)!)
  }

  #ids(fulfils: (one: RecordHeader) => boolean): string[] {
    return this.headers.filter(fulfils).map(({ id }) => id)
  }
}

export function zoneOf(one: RecordHeader): string {
  return one.zone ?? ''
}
