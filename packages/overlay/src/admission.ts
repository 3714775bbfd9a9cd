import type { OverlayMessage } from './messages.ts'

/**
 * What a frame is to the node that receives it. `critical` keeps the network alive: membership, the shape of the trees,
 * receipts. `bulk` can wait: comparisons of history, fragments of large messages. `normal` is the rest.
 */
export type Lane = 'critical' | 'normal' | 'bulk'

/** How a frame is admitted. */
export interface Admission {
  readonly lane: Lane
  /** Probes of SWIM and their answers: heard even of a graylisted peer, or it would be taken for dead. */
  readonly isProofOfLife: boolean
}

const normal: Admission = { lane: 'normal', isProofOfLife: false }
const bulk: Admission = { lane: 'bulk', isProofOfLife: false }
const critical: Admission = { lane: 'critical', isProofOfLife: false }
const proofOfLife: Admission = { lane: 'critical', isProofOfLife: true }

/** Source: `frame.ts`. */
const membershipTag = 0
const pubsubTag = 1
/** Numbers of ping, ack, pingRequest and pingReply. Source: the codec of membership. */
const probeKinds = [16, 19] as const
/** Numbers of graft, prune and ack, and of fragment, sync and wantFragments. Source: the codec of pubsub. */
const treeKinds: ReadonlySet<number> = new Set([8, 9, 10])
const bulkKinds: ReadonlySet<number> = new Set([2, 11, 12])

/**
 * The lane of a frame by its first four bytes, before anything is decoded: two array heads, a tag and a kind,
 * each one byte in canonical CBOR. A frame cannot be in another lane than what it decodes to.
 */
export function admissionOfFrame(bytes: Uint8Array): Admission {
  const kind = bytes[3]
  if (bytes[0] !== pairHead || kind === undefined || kind > largestDirect) return normal
  return admissionOf(bytes[1], kind)
}

/** The same of a decoded message. */
export function admissionOfMessage(message: OverlayMessage): Admission {
  switch (message.type) {
    case 'membership': {
      const kind = Array.isArray(message.value) ? (message.value as readonly unknown[])[0] : 0
      return admissionOf(membershipTag, typeof kind === 'number' ? kind : 0)
    }
    case 'pubsub':
      switch (message.message.type) {
        case 'graft':
        case 'prune':
        case 'ack':
          return critical
        case 'fragment':
        case 'sync':
        case 'wantFragments':
          return bulk
        default:
          return normal
      }
    default:
      return normal
  }
}

function admissionOf(tag: number | undefined, kind: number): Admission {
  if (tag === membershipTag) {
    return kind >= probeKinds[0] && kind <= probeKinds[1] ? proofOfLife : critical
  }
  if (tag !== pubsubTag) return normal
  if (treeKinds.has(kind)) return critical
  return bulkKinds.has(kind) ? bulk : normal
}

/** The head of an array of two. Source: RFC 8949, section 3.1. */
const pairHead = 0x82
/** Source: RFC 8949, section 3.1; larger integers take more than one byte. */
const largestDirect = 23
