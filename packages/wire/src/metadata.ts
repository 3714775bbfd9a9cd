/**
 * A binary64 number in metadata: `new MetadataFloat(1)` is written `1.0`. Integers are bigints, so that 1 and 1.0
 * stay the two different texts that they are in signed bytes.
 */
export class MetadataFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A JSON value whose integers (-2^63 to 2^64 - 1), floats and texts keep their exact form. */
export type MetadataValue =
  | null
  | boolean
  | bigint
  | string
  | MetadataFloat
  | readonly MetadataValue[]
  | ReadonlyMap<string, MetadataValue>

/** What an author says of a record's content. Order of keys does not matter: they are written sorted. */
export type Metadata = ReadonlyMap<string, MetadataValue>
