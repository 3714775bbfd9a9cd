import type { EpochMs, Instant, Rng } from '@kithnet/kernel'

/** What a machine is made from at each start of its peer. */
export interface Boot<Peer> {
  readonly peer: Peer
  /** This start's own randomness. */
  readonly rng: Rng
  /** What earlier lives persisted. */
  readonly disk: ReadonlyMap<string, Uint8Array>
  /** Wall time of virtual time zero, by this peer's clock. */
  readonly epochAtZero: EpochMs
  readonly now: Instant
  /** 1 for the first start. */
  readonly starts: number
}

/** How a machine is made at each start. */
export type MachineFactory<Peer, M> = (boot: Boot<Peer>) => M

/** What a restarted peer finds on its disk. */
export type DiskAtRestart = 'kept' | 'lost' | 'old'

/** The boot of one start. */
export function bootOf<Peer>(
  peer: Peer,
  rng: Rng,
  disk: ReadonlyMap<string, Uint8Array>,
  epochAtZero: EpochMs,
  now: Instant,
  starts: number,
): Boot<Peer> {
  return { peer, rng: rng.fork(`start ${starts}`), disk, epochAtZero, now, starts }
}
