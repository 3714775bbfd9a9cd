/**
 * What test files share besides the network: vector files, generators and the laws that codecs and machines
 * owe. Apart from the root, so that simulations do not load fast-check.
 *
 * @packageDocumentation
 */
export {
  anyBatchId,
  anyBytes,
  anyMessageId,
  anyNetworkId,
  anyPeerId,
  anyStreamId,
  anyTopicId,
  type Arbitrary,
  bytesOf,
  forAll,
  listOf,
  pairOf,
  wholeNumber,
} from './arbitraries.ts'
export { type Codec, codecLaw, type LawOptions, machineLaw } from './laws.ts'
export {
  readVectors,
  type Register,
  type RunCase,
  runVectors,
  type VectorCase,
  type VectorFile,
} from './vectors.ts'
