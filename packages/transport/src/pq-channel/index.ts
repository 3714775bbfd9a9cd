/**
 * An encrypted, mutually authenticated, post-quantum channel over any ordered carrier of bytes. Give it a `Carrier`,
 * get a `Pipe`, and `openLink` makes a link of that. Specification: docs/protocols/pq-channel.md.
 *
 * @packageDocumentation
 */
export type { Carrier } from './carrier.ts'
export {
  acceptChannel,
  type ChannelIdentity,
  type ChannelOptions,
  dialChannel,
  type SecureChannel,
} from './channel.ts'
export type { ChannelFault } from './faults.ts'
export { defaultGateLimits, type GateLimits, HandshakeGate } from './gate.ts'
export {
  aesSuite,
  chaChaSuite,
  channelPrimitives,
  type ChannelPrimitives,
  type ChannelSuite,
  preferredSuites,
} from './primitives.ts'
