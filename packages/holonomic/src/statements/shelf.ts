import { ruleOf } from './statement-item.ts'
import type { StatementKind } from './statement-kinds.ts'

/** Where a statement stands among those of its signer and kind: the later first, then by slot. */
export interface Place {
  readonly kind: StatementKind
  /** The first number of its order. */
  readonly first: number
  readonly slot: string
}

/**
 * What is held of one signer, and what goes first when there is no room. What is pushed out must not come back in an older
 * form: then a consent could be played again after its withdrawal, and a grant after its revocation.
 */
export class Shelf {
  readonly publicKey: Uint8Array
  /** Whether nobody was known to trust its signer when that was last looked at. */
  isStranger = true
  readonly #placesByKind = new Map<StatementKind, Place[]>()
  /** The best place that was pushed out, by kind: what is no better is not taken. */
  readonly #floors = new Map<StatementKind, Place>()
  #size = 0

  constructor(publicKey: Uint8Array) {
    this.publicKey = publicKey
  }

  /** How many statements. */
  get size(): number {
    return this.#size
  }

  countOf(kind: StatementKind): number {
    return this.#placesByKind.get(kind)?.length ?? 0
  }

  /** True when there is room for it, or it is better than what stands last. */
  admits(place: Place): boolean {
    const floor = this.#floors.get(place.kind)
    if (floor !== undefined && !precedes(place, floor)) return false
    const places = this.#placesByKind.get(place.kind)
    if (places === undefined || places.length < ruleOf(place.kind).most) return true
    return precedes(place, places.at(-1)!)
  }

  put(place: Place): void {
    let places = this.#placesByKind.get(place.kind)
    if (places === undefined) this.#placesByKind.set(place.kind, (places = []))
    places.splice(rankIn(places, place), 0, place)
    this.#size++
  }

  remove(place: Place): void {
    const places = this.#placesByKind.get(place.kind)
    if (places === undefined) return
    const at = rankIn(places, place)
    if (places[at]?.slot !== place.slot) return
    places.splice(at, 1)
    this.#size--
  }

  /** The last of a kind of which there are more than there may be. */
  get excess(): Place | undefined {
    for (const [kind, places] of this.#placesByKind) {
      if (places.length > ruleOf(kind).most) return places.at(-1)
    }
    return undefined
  }

  /** What goes first: of the kind that is missed least, the last. */
  get last(): Place | undefined {
    for (const kind of missedLeast) {
      const last = this.#placesByKind.get(kind)?.at(-1)
      if (last !== undefined) return last
    }
    return undefined
  }

  /** What was pushed out and must not come back in an older form. */
  get floors(): readonly Place[] {
    return [...this.#floors.values()]
  }

  /** Takes nothing of this kind any more that is no better. */
  raise(place: Place): void {
    const floor = this.#floors.get(place.kind)
    if (floor === undefined || precedes(place, floor)) this.#floors.set(place.kind, place)
  }

  /** Remembers that this one was pushed out. The grants that have to go with it, if it was a revocation. */
  pushedOut(place: Place): readonly Place[] {
    if (place.kind === 'consent') this.raise(place)
    if (place.kind !== 'revocation') return []
    // Behind every slot, so that grants of this very instant are void, too.
    const floor: Place = { kind: 'grant', first: place.first, slot: '' }
    this.raise(floor)
    const grants = this.#placesByKind.get('grant') ?? []
    return grants.filter((grant) => !precedes(grant, floor))
  }
}

/** True for the one that stays longer. */
function precedes(a: Place, b: Place): boolean {
  return a.first > b.first || (a.first === b.first && a.slot < b.slot)
}

function rankIn(places: readonly Place[], place: Place): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (precedes(places[middle]!, place)) low = middle + 1
    else high = middle
  }
  return low
}

/** What can be made again or found elsewhere goes first; evidence and what takes something back, last. Source: our choice. */
const missedLeast: readonly StatementKind[] = [
  'cosignature',
  'publication',
  'checkpoint',
  'pledge',
  'grant',
  'consent',
  'revocation',
  'fork',
]
