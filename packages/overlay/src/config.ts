import type { Lane } from './admission.ts'
import { type MembershipConfig, type PresetName, presets } from '@kithnet/membership'
import { defaultPubsubConfig, type PubsubConfig } from '@kithnet/pubsub'

/** What one link may deliver on one lane before anything in it is decoded. */
export interface LinkQuota {
  readonly bytesPerSecond: number
  readonly burstBytes: number
  readonly framesPerSecond: number
  readonly burstFrames: number
}

/** What one link may deliver, lane by lane. */
export type LaneQuotas = Readonly<Record<Lane, LinkQuota>>

/** Knobs of the directory of keys and of fetching them. */
export interface KeyConfig {
  /** Keys kept that no cached message, link or known peer pins. */
  readonly capacity: number
  /** Authors whose keys are being fetched on account of one link. */
  readonly unknownAuthorsPerLink: number
  /** Peers described by one link whose keys are being fetched. */
  readonly unknownPeersPerLink: number
  /** Assumed until a round trip is measured. */
  readonly initialRoundTripMs: number
  /** Keys given to one link. */
  readonly servedPerSecond: number
  readonly servedBurst: number
}

/** All knobs of an `Overlay`. */
export interface OverlayConfig {
  readonly membership: MembershipConfig
  readonly pubsub: PubsubConfig
  readonly lanes: LaneQuotas
  readonly keys: KeyConfig
  /** How long a peer whose link was cut for its faults is not talked to. */
  readonly banMs: number
  /** Messages of membership that wait for a signature check, per link. */
  readonly heldPerLink: number
}

/** Names of the presets: timers for one machine, one site, the internet, or the tables of the papers. */
export type OverlayPreset = PresetName

/**
 * The settings of a preset. The bounds on unknown authors are the project's trust rules; the rates are our
 * choice: far above what a neighbour of a busy node sends, far below what would exhaust it.
 */
export function overlayConfig(preset: OverlayPreset): OverlayConfig {
  return {
    membership: presets[preset],
    pubsub: { ...defaultPubsubConfig, initialRoundTripMs: initialRoundTripMs[preset] },
    lanes: {
      critical: {
        bytesPerSecond: 4_194_304,
        burstBytes: 8_388_608,
        framesPerSecond: 4_000,
        burstFrames: 8_000,
      },
      normal: {
        bytesPerSecond: 134_217_728,
        burstBytes: 67_108_864,
        framesPerSecond: 100_000,
        burstFrames: 100_000,
      },
      bulk: {
        bytesPerSecond: 67_108_864,
        burstBytes: 67_108_864,
        framesPerSecond: 8_000,
        burstFrames: 16_000,
      },
    },
    keys: {
      capacity: 1_024,
      unknownAuthorsPerLink: 8,
      unknownPeersPerLink: 64,
      initialRoundTripMs: initialRoundTripMs[preset],
      servedPerSecond: 256,
      servedBurst: 1_024,
    },
    banMs: 600_000,
    heldPerLink: 64,
  }
}

/** Source: our choice; the kind of network that the preset is for. */
const initialRoundTripMs: Readonly<Record<OverlayPreset, number>> = {
  local: 20,
  lan: 50,
  paper: 100,
  wan: 200,
}

/**
 * Longest frame: above a fragment of 64 KiB, 32 keys and the largest message of membership. Source: the sum of
 * their parts, rounded up.
 */
export const maxFrameBytes = 131_072

/** Most keys in one frame. Source: our choice: 32 keys are 62.5 KB. */
export const maxKeysListed = 32
