import { CodedError } from '@kithnet/kernel'
import { shortId } from '@kithnet/types'
import type { ChannelFault } from './faults.ts'
import type { RefusalReason } from './messages.ts'

/** The error of a handshake that failed, with a sentence that says what to do. */
export function channelError(fault: ChannelFault, address: string): CodedError<ChannelFault> {
  return new CodedError(fault, sentenceOf(fault, address))
}

const refusals: Readonly<Record<RefusalReason, string>> = {
  version: 'it speaks no protocol version that this one does: update the older of the two',
  suite: 'it accepts no cipher that this one does: update the older of the two',
  network: 'it belongs to another network: check the network name',
  busy: 'it has too many handshakes under way: try again later',
}

function sentenceOf(fault: ChannelFault, address: string): string {
  switch (fault.code) {
    case 'transport/wrong-network':
      return `The peer at ${address} belongs to another network: check the network name.`
    case 'transport/wrong-peer':
      return `The peer at ${address} is ${shortId(fault.got)}, not the expected ${shortId(fault.expected)}: check the address, or ask its owner for the new id.`
    case 'transport/own-peer':
      return `The peer at ${address} has this node's own identity: use one identity per node.`
    case 'transport/handshake-timeout':
      return `The peer at ${address} did not finish the handshake in time: check that a node listens there.`
    case 'transport/channel-refused':
      return `The peer at ${address} refused: ${refusals[fault.reason]}.`
    case 'transport/channel-truncated':
      return `The peer at ${address} hung up during the handshake: check that a node of this version listens there.`
    case 'transport/channel-busy':
      return `Too many handshakes are under way, so the one from ${address} was refused.`
    case 'transport/channel-no-common':
      return `The peer at ${address} has no ${fault.what} in common with this node: update the older of the two.`
    case 'transport/channel-signature':
    case 'transport/channel-finish':
    case 'transport/channel-unauthentic':
      return `The peer at ${address} could not prove who it is: something between changes the traffic, or it is not an honest node.`
    case 'transport/channel-frame':
    case 'transport/channel-frame-length':
    case 'transport/channel-malformed':
    case 'transport/channel-unexpected':
    case 'transport/channel-key-share':
    case 'transport/channel-ratchet':
    case 'transport/channel-flood':
      return `The peer at ${address} does not follow the protocol: check that a Kithnet node listens there.`
  }
}
