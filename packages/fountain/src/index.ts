/**
 * RFC 6330 fountain codes: any sufficient set of symbols rebuilds the whole.
 *
 * @packageDocumentation
 */
export { BlockDecoder, type Taken } from './block-decoder.ts'
export { BlockEncoder } from './block-encoder.ts'
export { BlockPool, type BlockPoolOptions } from './block-pool.ts'
export { maxBlockSymbols } from './block-code.ts'
export { Codec } from './codec.ts'
export {
  type Content,
  type ContentOptions,
  type ContentSource,
  createContent,
  memorySource,
} from './content.ts'
export { type ContentDecoder, createContentDecoder } from './content-decoder.ts'
export { type ContentPart, rebuildContent, type RebuildOptions } from './content-stream.ts'
export {
  checkContentSymbol,
  type ContentSymbol,
  decodeContentSymbol,
  encodeContentSymbol,
  maxContentSymbolBytes,
} from './content-symbol.ts'
export type {
  BadSymbolFault,
  ContentFault,
  FountainFault,
  IncompleteFault,
  LengthFault,
  PolicyFault,
  PoolFault,
  SymbolFault,
  SymbolIdFault,
  TooLargeFault,
  TransferFault,
} from './faults.ts'
export {
  contentIdOf,
  decodeManifest,
  encodeManifest,
  type Manifest,
  maxManifestBytes,
} from './manifest.ts'
export { createObjectDecoder, type DecoderOptions, type ObjectDecoder } from './object-decoder.ts'
export { ObjectEncoder } from './object-encoder.ts'
export {
  checkPolicy,
  defaultPolicy,
  type Expectation,
  type FountainPolicy,
  policyFor,
  survival,
} from './policy.ts'
export {
  dropPriority,
  type RetentionTier,
  symbolsKept,
  symbolsToDrop,
  tierForFreeSpace,
} from './retention.ts'
export {
  type BlockSpan,
  blockSpan,
  checkTransferInfo,
  decodePayloadId,
  decodeTransferInfo,
  encodePayloadId,
  encodeTransferInfo,
  maxSymbolId,
  type PayloadId,
  type TransferInfo,
  transferInfo,
  type TransferOptions,
} from './transfer-info.ts'
