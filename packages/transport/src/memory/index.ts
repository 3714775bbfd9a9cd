/**
 * Links within one process.
 *
 * @packageDocumentation
 */
export {
  type MemoryIdentity,
  type MemoryOptions,
  MemoryPlace,
  memoryTransport,
} from './memory-transport.ts'
