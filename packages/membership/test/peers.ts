import { instant, type Instant } from '@kithnet/kernel'
import {
  type Descriptor,
  networkId,
  type PeerId,
  peerIdFromBytes,
  signatureBytes,
  encodeDescriptor,
  type Verified,
} from '@kithnet/types'
import type { KnownPeer, MembershipEffect } from '@kithnet/membership'

const network = networkId('membership tests')

/** The peer with this number, from 0 to 255. */
export function peer(number: number): PeerId {
  return peerIdFromBytes(new Uint8Array(32).fill(number))
}

/** A known peer whose body is a real descriptor; nobody in these tests looks at its signature. */
export function known(number: number, incarnation = 1): KnownPeer {
  const descriptor: Descriptor = {
    network,
    peer: peer(number),
    incarnation,
    addresses: [],
    epoch: 0,
  }
  const signature = new Uint8Array(signatureBytes).fill(number)
  return {
    descriptor: descriptor as Verified<Descriptor>,
    signed: { body: encodeDescriptor(descriptor), signature },
  }
}

/** An instant in milliseconds. */
export function at(ms: number): Instant {
  return instant(ms)
}

/** The messages sent among some effects, with their receivers. */
export function sent<Effect extends MembershipEffect>(
  effects: readonly Effect[],
): readonly Extract<Effect, { readonly type: 'send' }>[] {
  return effects.filter((effect) => effect.type === 'send') as never
}

/** What was emitted among some effects. */
export function emitted(effects: readonly MembershipEffect[]): readonly unknown[] {
  return effects.flatMap((effect) => (effect.type === 'emit' ? [effect.output] : []))
}
