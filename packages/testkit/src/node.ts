/** A peer of a simulated network. */
export interface Node<Event, M> {
  /** Number of the peer, in the order of `add`. */
  readonly index: number
  readonly alive: boolean
  /** The machine of this life, or of the last one. */
  readonly machine: M
  /** Peers to which a link stands on this side. */
  readonly links: number
  readonly sentMessages: number
  readonly sentBytes: number
  /** Feeds a local event after `delayMs`; lost when the peer is or goes down. */
  inject(event: Event, delayMs?: number): void
}

/** The face of a member, whatever life it is in. */
export function nodeOf<Event, M>(
  member: {
    readonly index: number
    readonly sentBefore: { readonly messages: number; readonly bytes: number }
    readonly process:
      | {
          readonly ends: ReadonlyMap<unknown, { readonly state: string }>
          readonly sentMessages: number
          readonly sentBytes: number
          inject(event: Event, afterUs: number): void
        }
      | undefined
  },
  machine: () => M,
): Node<Event, M> {
  return {
    index: member.index,
    get alive() {
      return member.process !== undefined
    },
    get machine() {
      return machine()
    },
    get links() {
      let count = 0
      for (const end of member.process?.ends.values() ?? []) if (end.state === 'up') count++
      return count
    },
    get sentMessages() {
      return member.sentBefore.messages + (member.process?.sentMessages ?? 0)
    },
    get sentBytes() {
      return member.sentBefore.bytes + (member.process?.sentBytes ?? 0)
    },
    inject(event, delayMs = 0) {
      member.process?.inject(event, Math.round(delayMs * 1000))
    },
  }
}
