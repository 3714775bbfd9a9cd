/**
 * Who is near and who is alive: HyParView's partial views, SWIM's failure detector over the active view, and
 * the machine that composes them. Pure: links, clocks and signatures are the driver's.
 *
 * @packageDocumentation
 */
export {
  type MembershipConfig,
  type PresetName,
  presets,
  type SwimConfig,
  type ViewConfig,
} from './config.ts'
export type {
  Contact,
  DeathCause,
  Described,
  Died,
  IsolationCause,
  Join,
  Leave,
  MemberDown,
  Members,
  MembershipEvent,
  MembershipOutput,
  MemberUp,
  Met,
  Moved,
  NeighbourDownCause,
  Shown,
  Start,
  SwimEvent,
  SwimOutput,
  Unheard,
  ViewEvent,
  ViewOutput,
} from './events.ts'
export type { MembershipFault } from './faults.ts'
export { HyParView, type ViewEffect, type ViewOptions } from './hyparview.ts'
export type { KnownPeer } from './known-peer.ts'
export { Membership, type MembershipEffect, type MembershipOptions } from './membership.ts'
export { maxMembershipMessageBytes } from './message-bounds.ts'
export { decodeMembershipMessage, encodeMembershipMessage } from './message-codec.ts'
export type {
  DisconnectCause,
  MembershipMessage,
  Priority,
  SwimMessage,
  SwimMessageOf,
  UncheckedMembershipMessage,
  Update,
  UpdateOf,
  ViewMessage,
  ViewMessageOf,
} from './messages.ts'
export { incarnationFromBytes, incarnationKey, incarnationToBytes } from './own-incarnation.ts'
export { suspicionTimes, type SuspicionTimes } from './suspicion.ts'
export { Swim, type SwimEffect, type SwimOptions } from './swim.ts'
export { swimTimes, type SwimTimes } from './swim-times.ts'
export { descriptorsOf, withVerified } from './verified-message.ts'
