import { withRoom } from './columns.ts'
import { Frontier } from './frontier.ts'
import { Postings } from './postings.ts'

/**
 * The zones of a graph, by number, with the tips and roots of each: records that have no child, or no parent, in their
 * own zone. While there is one zone it keeps nothing of any record but what the whole graph keeps too.
 */
export class Zones {
  readonly #names: string[] = []
  readonly #zonesByName = new Map<string, number>()
  /** What stands for the one zone, until there are two. */
  readonly #tipsOfAll: Frontier
  readonly #rootsOfAll: readonly number[]
  #parted: Parted | undefined

  constructor(tipsOfAll: Frontier, rootsOfAll: readonly number[]) {
    this.#tipsOfAll = tipsOfAll
    this.#rootsOfAll = rootsOfAll
  }

  get names(): readonly string[] {
    return this.#names
  }

  /** The zone's number, or -1. */
  find(name: string): number {
    return this.#zonesByName.get(name) ?? -1
  }

  /** Takes in a record after the first `count` of `parents`; called before the whole graph's tips and roots change. */
  add(node: number, name: string, parents: Int32Array, count: number): void {
    let zone = this.find(name)
    if (zone < 0) {
      zone = this.#names.push(name) - 1
      this.#zonesByName.set(name, zone)
      if (zone === 1) this.#parted = this.#part(node)
    }
    this.#parted?.add(node, zone, parents, count)
  }

  of(node: number): number {
    return this.#parted === undefined ? 0 : this.#parted.zoneOf(node)
  }

  nameOf(node: number): string {
    return this.#names[this.of(node)]!
  }

  tips(zone: number, most: number): number[] {
    return (this.#parted?.tips ?? this.#tipsOfAll).list(zone, most)
  }

  roots(zone: number): readonly number[] {
    return this.#parted === undefined ? this.#rootsOfAll : this.#parted.roots[zone]!
  }

  /** The records of a zone in the order in which they came, or `undefined` when that is all records. */
  postings(): Postings | undefined {
    return this.#parted?.postings
  }

  #part(size: number): Parted {
    return new Parted(this.#tipsOfAll.copy(), this.#rootsOfAll.slice(), size)
  }
}

/** What is kept once there are two zones. */
class Parted {
  readonly tips: Frontier
  readonly roots: number[][]
  readonly postings: Postings = new Postings()
  #zoneOf: Int32Array

  /** `size` records, all of zone 0. */
  constructor(tips: Frontier, roots: number[], size: number) {
    this.tips = tips
    this.roots = [roots]
    this.#zoneOf = new Int32Array(size)
    for (let node = 0; node < size; node++) this.postings.add(0, node)
  }

  add(node: number, zone: number, parents: Int32Array, count: number): void {
    if (node >= this.#zoneOf.length) this.#zoneOf = withRoom(this.#zoneOf, node + 1)
    this.#zoneOf[node] = zone
    this.postings.add(zone, node)
    let isRoot = true
    for (let at = 0; at < count; at++) {
      if (this.#zoneOf[parents[at]!] !== zone) continue
      isRoot = false
      this.tips.remove(zone, parents[at]!)
    }
    this.tips.add(zone, node)
    const roots = (this.roots[zone] ??= [])
    if (isRoot) roots.push(node)
  }

  zoneOf(node: number): number {
    return this.#zoneOf[node]!
  }
}
