import type { Instant } from '@kithnet/kernel'
import type { MembershipMessage } from '@kithnet/membership'
import type { PubsubEvent, PubsubOutput } from '@kithnet/pubsub'
import type { PeerId } from '@kithnet/types'
import { Acquaintances } from './acquaintances.ts'
import { Authenticator } from './authenticator.ts'
import { BatchClaims } from './batch-claims.ts'
import { DescriptorBook, type DescriptorFork } from './descriptor-book.ts'
import type { OverlayOutput } from './events.ts'
import type { OverlayFault } from './faults.ts'
import { KeyDirectory } from './key-directory.ts'
import { MembershipInbox } from './membership-inbox.ts'
import type { OverlayMessage } from './messages.ts'
import type { OverlayOptions } from './options.ts'

/** What the parts that decide what to believe need of their overlay. */
export interface TrustHost {
  send(to: PeerId, message: OverlayMessage): void
  emit(output: OverlayOutput): void
  blame(peer: PeerId, fault: OverlayFault, now: Instant): void
  /** A peer has signed two descriptors for one life and epoch. */
  forked(peer: PeerId, evidence: DescriptorFork, now: Instant): void
  /** A message of membership whose descriptors are verified. */
  membership(from: PeerId, message: MembershipMessage, now: Instant): void
  /** The outcome of a check that pubsub asked for. */
  checked(event: PubsubEvent, now: Instant): void
}

/** The parts that decide what is believed. */
export interface Trust {
  readonly directory: KeyDirectory
  readonly acquaintances: Acquaintances
  readonly authenticator: Authenticator
  readonly claims: BatchClaims
  readonly inbox: MembershipInbox
}

/** Puts them together. A node knows its own key. */
export function createTrust(options: OverlayOptions, host: TrustHost): Trust {
  const { network, self, publicKey, config } = options
  const directory = new KeyDirectory(config.keys.capacity)
  directory.pin(self)
  directory.add(self, publicKey)
  const authenticator = new Authenticator(directory, config.keys, host)
  return {
    directory,
    acquaintances: new Acquaintances(directory, config.banMs),
    authenticator,
    claims: new BatchClaims(authenticator, (event, now) => host.checked(event, now)),
    inbox: new MembershipInbox(authenticator, new DescriptorBook(network), config.heldPerLink, {
      deliver: (from, message, now) => host.membership(from, message, now),
      blame: (peer, fault, now) => host.blame(peer, fault, now),
      forked: (peer, evidence, now) => host.forked(peer, evidence, now),
    }),
  }
}

/** What pubsub wants of those who decide what is believed. */
type TrustRequest = Extract<PubsubOutput, { type: 'verify' | 'source' | 'holds' | 'releases' }>

/** Has a signature checked, or keeps a key. */
export function serve({ claims, directory }: Trust, request: TrustRequest, now: Instant): void {
  switch (request.type) {
    case 'verify':
      claims.verify(request, now)
      return
    case 'source':
      claims.addSource(request, now)
      return
    case 'holds':
      directory.pin(request.author)
      return
    case 'releases':
      directory.unpin(request.author)
  }
}
