import { incarnationFromBytes, incarnationKey } from '@kithnet/membership'
import { saveIncarnation } from '@kithnet/store'
import type { Store } from '@kithnet/types'
import { utf8 } from '@kithnet/kernel'

/** Saves what the overlay wants to find again in its next life. Durable when it resolves. */
export function saveState(store: Store, key: string, value: Uint8Array): Promise<void> {
  const incarnation = key === incarnationKey ? incarnationFromBytes(value) : undefined
  if (incarnation !== undefined) return saveIncarnation(store, incarnation)
  return store.write([{ space: 'overlay', key: utf8(key), value }])
}
