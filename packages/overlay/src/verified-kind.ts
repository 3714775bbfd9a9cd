import type { Batch, Descriptor, Verified } from '@kithnet/types'

/** True for a descriptor, which alone has an incarnation. */
export function isDescriptor(
  value: Verified<Batch> | Verified<Descriptor>,
): value is Verified<Descriptor> {
  return 'incarnation' in value
}

/** True for a batch, which alone lists ids. */
export function isBatch(value: Verified<Batch> | Verified<Descriptor>): value is Verified<Batch> {
  return 'ids' in value
}
