/**
 * The ancestor's form of a content, byte for byte: one block of N source and K repair symbols, a SHA-256 of each, and a
 * manifest whose JSON is signed. For exchange with it; `createContent` of the root module has what this lacks. What is
 * repaired here: a symbol that does not fit its hash is left out, and nothing else is refused for it.
 *
 * Source: CIRIS, holonomic v19, section 19.3, and the store of CIRISPersist.
 *
 * @packageDocumentation
 */
import { type Bytes, fail, ok, type Result, toHex } from '@kithnet/kernel'
import { BlockDecoder } from './block-decoder.ts'
import { BlockEncoder } from './block-encoder.ts'
import { canonicalJson, type JsonValue } from './canonical-json.ts'
import type { CirisFault } from './faults.ts'

export { canonicalJson, type JsonValue } from './canonical-json.ts'

/** How a content is cut. */
export interface CirisConfig {
  readonly nSource: number
  readonly kRepair: number
  /** 1 to 65,535. */
  readonly symbolSize: number
  readonly minViableSymbols: number
}

/** A symbol by its id; `sha256` of its bytes stands in the manifest. */
export interface CirisSymbol {
  readonly symbolId: number
  readonly bytes: Uint8Array
}

/** SHA-256 of the host or a library. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** A content as symbols. */
export interface CirisContent {
  readonly symbols: readonly CirisSymbol[]
  /** SHA-256 of each symbol, in hexadecimal, by id. */
  readonly symbolHashes: readonly string[]
  readonly originalContentLength: number
}

/** The ten fields of a manifest that are signed. */
export interface CirisManifest extends CirisConfig {
  readonly contentId: string
  readonly corpusKind: string
  readonly originalContentLength: number
  readonly symbolHashes: readonly string[]
  readonly envelope: JsonValue
}

/** Source: CIRIS, `FountainManifestV1`. */
const manifestVersion = 1
/** Source: our choice: symbols of a content of the ancestor, which has 26 by default. */
const maxSymbols = 65_536
const maxSymbolSize = 0xffff

/**
 * Cuts a payload into symbols. A payload shorter than the least viable symbols, or longer than the source symbols, is
 * `fountain/payload`.
 */
export function encodeCirisContent(
  payload: Uint8Array,
  config: CirisConfig,
  sha256: Sha256,
): Result<CirisContent, CirisFault> {
  const { nSource, kRepair, symbolSize, minViableSymbols } = config
  if (
    !isConfig(config) ||
    payload.length < minViableSymbols * symbolSize ||
    payload.length > nSource * symbolSize
  ) {
    return fail({ code: 'fountain/payload', bytes: payload.length })
  }
  const padded = new Uint8Array(nSource * symbolSize)
  padded.set(payload)
  const encoder = new BlockEncoder(padded, symbolSize)
  const symbols = Array.from({ length: nSource + kRepair }, (_, symbolId) => ({
    symbolId,
    bytes: encoder.symbol(symbolId),
  }))
  const symbolHashes = symbols.map(({ bytes }) => toHex(sha256(bytes)))
  return ok({ symbols, symbolHashes, originalContentLength: payload.length })
}

/**
 * A payload from symbols. Symbols that do not fit the manifest, and doubles, count for nothing; `fountain/insufficient` says
 * how many more are needed at the least.
 */
export function decodeCirisContent(
  symbols: Iterable<CirisSymbol>,
  manifest: CirisManifest,
  sha256: Sha256,
): Result<Bytes, CirisFault> {
  const { nSource, kRepair, symbolSize, symbolHashes, originalContentLength } = manifest
  if (!isConfig(manifest) || symbolHashes.length !== nSource + kRepair) {
    return fail({ code: 'fountain/payload', bytes: originalContentLength })
  }
  const decoder = new BlockDecoder(nSource, symbolSize)
  for (const { symbolId, bytes } of symbols) {
    const isGood = bytes.length === symbolSize && toHex(sha256(bytes)) === symbolHashes[symbolId]
    if (isGood) decoder.add(symbolId, bytes)
  }
  if (!decoder.complete) {
    return fail({ code: 'fountain/insufficient', missing: Math.max(1, decoder.missing) })
  }
  return ok(decoder.block.slice(0, originalContentLength))
}

/** The bytes of a manifest that both signatures are over, or `fountain/json` when the envelope has no such form. */
export function cirisManifestBytes(manifest: CirisManifest): Result<Bytes, CirisFault> {
  return canonicalJson({
    content_id: manifest.contentId,
    corpus_kind: manifest.corpusKind,
    manifest_version: manifestVersion,
    n_source: manifest.nSource,
    k_repair: manifest.kRepair,
    symbol_size: manifest.symbolSize,
    original_content_length: manifest.originalContentLength,
    min_viable_symbols: manifest.minViableSymbols,
    symbol_hashes: manifest.symbolHashes,
    envelope: manifest.envelope,
  })
}

function isConfig({ nSource, kRepair, symbolSize, minViableSymbols }: CirisConfig): boolean {
  return (
    [nSource, kRepair, symbolSize, minViableSymbols].every(Number.isSafeInteger) &&
    nSource >= 1 &&
    kRepair >= 0 &&
    nSource + kRepair <= maxSymbols &&
    nSource <= 56_403 &&
    symbolSize >= 1 &&
    symbolSize <= maxSymbolSize &&
    minViableSymbols >= 0 &&
    minViableSymbols <= nSource
  )
}
