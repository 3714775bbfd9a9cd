import type { Instant } from '@kithnet/kernel'
import type { Stream } from '@kithnet/types'
import type { LinkFault } from './faults.ts'

/** What a multiplexer needs of its surroundings: a real pipe and clock, or virtual ones. */
export interface MuxHost {
  now(): Instant
  /** Room for bytes that are about to be written. */
  allocate(length: number): Uint8Array
  /** Hands bytes over. False: no more until `drain`. */
  write(bytes: Uint8Array): boolean
  /** Asks for one call of `flush`, after the input at hand. */
  soon(): void
  /** Asks for one call of `wake` at this instant, instead of the one asked for before; or for none. */
  alarm(at: Instant | undefined): void
  /** Both sides have said goodbye. */
  finished(): void
  /** The other side broke a rule, or is gone; without a fault: it did not let us finish in time. */
  cut(fault?: LinkFault): void
  opened(stream: Stream): void
  /** A callback of the user threw. */
  report(error: unknown): void
}
