import { toHex } from '@kithnet/kernel'
import { ItemSet } from '@kithnet/reconcile'
import { hash } from '@kithnet/types'

/** A state in the form in which two peers find out where theirs differ. */
export interface StateItems {
  /** For a session of `@kithnet/reconcile`: the hash of each member, all at time 0. */
  readonly items: ItemSet
  /** The members by what they are called in a session. */
  readonly memberById: ReadonlyMap<string, Uint8Array>
}

/**
 * The items of a state. A member is called what it is hashed to as a leaf of `setRoot`, so both sides agree on names without
 * a word. What a session says is the peer's word: after fetching, the root tells whether it is its checkpoint's state.
 */
export function stateItems(members: readonly Uint8Array[]): StateItems {
  const items = new ItemSet(toHex)
  const memberById = new Map<string, Uint8Array>()
  for (const member of members) {
    const id = toHex(hash('leaf', member))
    if (memberById.has(id)) continue
    memberById.set(id, member)
    items.add(0, id)
  }
  return { items, memberById }
}
