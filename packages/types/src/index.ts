/**
 * The shared vocabulary: ids, addresses, canonical CBOR, the one hash function, signed batches and
 * descriptors, and the contracts of links and stores. Types and pure functions; no behaviour, no IO.
 *
 * @packageDocumentation
 */
export {
  type Address,
  address,
  type AddressFault,
  addressOf,
  type AddressParts,
  addressParts,
  maxAddresses,
  maxAddressLength,
} from './address.ts'
export {
  type Batch,
  type BatchValue,
  contentOf,
  decodeBatch,
  encodeBatch,
  fragmentBytes,
  isBatchValue,
  maxBatchBodyBytes,
  maxBatchMessages,
  type MessageHeader,
  messageIdOf,
} from './batch.ts'
export { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'
export {
  type CborFault,
  type CborLimits,
  type CborProfile,
  defaultCborLimits,
  scan,
} from './cbor-scan.ts'
export {
  decodeDescriptor,
  type Descriptor,
  encodeDescriptor,
  forkedPeer,
  maxDescriptorBytes,
} from './descriptor.ts'
export { type Blake3, hash, hashBytes, hashHex, type HashLabel, installBlake3 } from './hash.ts'
export {
  type ConsistencyClaim,
  HashTree,
  type InclusionClaim,
  isContinued,
  isIncluded,
  type TreeHashes,
} from './hash-tree.ts'
export {
  type BatchId,
  batchIdFromBytes,
  batchIdOf,
  idBytes,
  idToBytes,
  isEphemeral,
  type MessageId,
  messageIdFromBytes,
  type NetworkId,
  networkId,
  networkIdFromBytes,
  parsePeerId,
  type PeerId,
  peerIdFromBytes,
  peerIdOf,
  shortId,
  type StreamId,
  streamIdBytes,
  streamIdFromBytes,
  type TopicId,
  topicId,
  topicIdFromBytes,
} from './ids.ts'
export {
  badShape,
  decodeEach,
  isBytes,
  isBytesUpTo,
  isList,
  isText,
  isTuple,
  isUint,
  type ShapeFault,
} from './shape.ts'
export { publicKeyBytes, type Signed, signatureBytes } from './signed.ts'
export type { Service, ServiceHost, ServiceMessage } from './service.ts'
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts'
export type { Change, Entry, LogBounds, LogEntry, Range, Store } from './store.ts'
export type {
  DialOptions,
  Link,
  LinkInfo,
  LinkStats,
  Listener,
  Stream,
  StreamClass,
  Transport,
} from './transport.ts'
export type { Verified } from './verified.ts'
