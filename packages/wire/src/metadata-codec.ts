import { type Bytes, fail, ok, type Result } from '@kithnet/kernel'
import { ByteSink } from './byte-sink.ts'
import type { BoundFault, MetadataFault } from './faults.ts'
import type { Metadata } from './metadata.ts'
import { parseCompatible } from './metadata-parser.ts'
import { scanMetadata } from './metadata-scan.ts'
import { MetadataWriter } from './metadata-writer.ts'
import type { Mode } from './record-fields.ts'
import { maxMetadataBytes } from './record-limits.ts'

const sink = new ByteSink()
const writer = new MetadataWriter(sink)

/** The canonical JSON of metadata, as it stands in a record. */
export function encodeMetadata(
  metadata: Metadata,
  mode: Mode = 'strict',
): Result<Bytes, MetadataFault | BoundFault> {
  sink.length = 0
  const fault = writer.write(metadata, mode)
  return fault === undefined ? ok(sink.written().slice()) : fail(fault)
}

/**
 * Metadata of JSON text. Strict takes only what `encodeMetadata` makes; compatible takes any JSON object, with the
 * floats that elara-runtime reads.
 */
export function decodeMetadata(
  text: Uint8Array,
  mode: Mode = 'strict',
): Result<Metadata, MetadataFault | BoundFault> {
  if (mode === 'compatible') return parseCompatible(text)
  if (text.length > maxMetadataBytes) {
    return fail({ code: 'wire/metadata-too-long', got: text.length, most: maxMetadataBytes })
  }
  const fault = scanMetadata(text, 0, text.length)
  return fault === undefined ? parseCompatible(text) : fail(fault)
}
