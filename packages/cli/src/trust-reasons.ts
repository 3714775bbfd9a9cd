import { CodedError } from '@kithnet/kernel'
import type { PeerId } from 'kithnet'
import type { TrustDefect, TrustFault } from 'kithnet/holonomic'

/** The error that says why a peer is not let in, and what to do about it. */
export function notTrusted(peer: PeerId, kind: string, fault: TrustFault): CodedError<TrustFault> {
  return new CodedError(fault, `${peer} may not ${kind}: ${reasons[fault.why]}`)
}

const letIn = 'let a root of this node, or a peer that it lets in, run "kith trust grant".'

/** Why, and what to do about it. */
const reasons: { readonly [Why in TrustDefect]: string } = {
  empty: `nobody has vouched for it; ${letIn}`,
  unrooted: `whoever vouches for it is no root of this node and not let in by one; ${letIn}`,
  unlinked: `the grants that are known do not lead to it; ${letIn}`,
  cycle: `the grants that are known lead in a circle; ${letIn}`,
  other: `it was vouched for in another network, or for another kind of thing; ${letIn}`,
  'too-long':
    'too many grants lie between a root and it; let somebody nearer to a root vouch for it.',
  'not-yet': 'a grant is from the future; see whether the clocks are right.',
  expired: 'a grant has expired; let whoever gave it give it anew.',
  revoked: 'a grant was taken back; let whoever took it back give it anew.',
  onward: 'a grant allows no further ones; let it be given anew with a higher --onward.',
  weak: 'too little trust is left at the end; let a grant be given anew with a higher --weight.',
  forked:
    'it, or a peer that vouches for it, has signed two things that exclude each other; nothing undoes that.',
}
