import { type Result } from '@kithnet/kernel'
import type { Taken } from './block-decoder.ts'
import { checkContentSymbol, type ContentSymbol } from './content-symbol.ts'
import type { BadSymbolFault, SymbolFault, TooLargeFault } from './faults.ts'
import type { Manifest } from './manifest.ts'
import { createObjectDecoder, type DecoderOptions, type ObjectDecoder } from './object-decoder.ts'

/** A decoder for a content, or `fountain/too-large` when it is longer than the receiver wants. */
export function createContentDecoder(
  manifest: Manifest,
  options: DecoderOptions = {},
): Result<ContentDecoder, TooLargeFault> {
  const made = createObjectDecoder(manifest.transfer, options)
  return made.ok ? { ok: true, value: new ContentDecoder(manifest, made.value) } : made
}

/**
 * Rebuilds a content from symbols that anybody sends: each is checked against the manifest alone, and a bad one is dropped.
 * What is there of a block can be used before the rest: `object.block(n)?.source(id)`.
 */
export class ContentDecoder {
  readonly manifest: Manifest
  /** Blocks and their state. */
  readonly object: ObjectDecoder

  /** Made by {@link createContentDecoder}. */
  constructor(manifest: Manifest, object: ObjectDecoder) {
    this.manifest = manifest
    this.object = object
  }

  /** Takes a symbol, or refuses it with `fountain/bad-symbol`. The bytes are copied. */
  add(symbol: ContentSymbol): Result<Taken, BadSymbolFault | SymbolFault> {
    const checked = checkContentSymbol(symbol, this.manifest)
    return checked.ok ? this.object.add(symbol.id, symbol.bytes) : checked
  }

  /** The content, once every block is there. */
  bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.object.bytes()
  }
}
