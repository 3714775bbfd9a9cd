import { assert, utf8 } from '@kithnet/kernel'
import { decodeCbor, encodeCbor, isUint, type Store } from '@kithnet/types'
import { storeError } from './faults.ts'

const space = 'node'
const key = utf8('incarnation')

/**
 * The incarnation that was saved last, or 0.
 *
 * @throws CodedError `store/corrupt` when what is there is not one: a guess could contradict what peers know.
 */
export async function loadIncarnation(store: Store): Promise<number> {
  const stored = await store.get(space, key)
  if (stored === undefined) return 0
  const decoded = decodeCbor(stored)
  if (decoded.ok && isUint(decoded.value)) return decoded.value
  throw storeError({
    code: 'store/corrupt',
    path: 'the saved incarnation',
    reason: 'not a whole number',
  })
}

/** Saves an incarnation. Durable when it resolves; only then may it be sent. */
export async function saveIncarnation(store: Store, incarnation: number): Promise<void> {
  assert(isUint(incarnation), 'an incarnation is a whole number')
  await store.write([{ space, key, value: encodeCbor(incarnation) }])
}

/**
 * The incarnation of a fresh life: one above the last that was saved, and saved before it is returned, so that no
 * peer can take the new life for the old one.
 */
export async function nextIncarnation(store: Store): Promise<number> {
  const next = (await loadIncarnation(store)) + 1
  await saveIncarnation(store, next)
  return next
}
