/**
 * Membership, broadcast and trust composed as one pure machine: the simulator and the runtime drive the same.
 *
 * @packageDocumentation
 */
export type { Lane } from './admission.ts'
export {
  type KeyConfig,
  type LaneQuotas,
  type LinkQuota,
  maxFrameBytes,
  overlayConfig,
  type OverlayConfig,
  type OverlayPreset,
} from './config.ts'
export type { OverlayEvent, OverlayOutput, SignedDomain } from './events.ts'
export type {
  BannedFault,
  DescriptorFault,
  FrameFault,
  HeldFault,
  KeyFault,
  OverlayFault,
  RateFault,
} from './faults.ts'
export { decodeFrame, encodeFrame } from './frame.ts'
export { type Channel, channelOf, type OverlayMessage } from './messages.ts'
export type { OverlayOptions } from './options.ts'
export { Overlay } from './overlay.ts'
export type { OverlayView } from './view.ts'
export { bodyOf } from '@kithnet/pubsub'
export type { Delivery, LossCause, Order, StreamNumbers, TopicNumbers } from '@kithnet/pubsub'
