import { after, equalBytes, type Instant, type Rng, toHex } from '@kithnet/kernel'
import { acceptSession, type Reconciler, startSession } from '@kithnet/reconcile'
import { hash, type PeerId, type Verified } from '@kithnet/types'
import type { StateFault } from '../faults.ts'
import { Openings } from '../openings.ts'
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts'
import { setRoot } from './log-tree.ts'
import { type StateItems, stateItems } from './state-items.ts'
import type { StateDifference, WitnessEffect, WitnessEvent } from './witness-events.ts'
import {
  maxWantedMembers,
  membersBytes,
  type SignedBy,
  type StateMessage,
} from './witness-messages.ts'

/** What this peer holds in some namespaces, and what it has signed of it. */
export interface OwnState {
  readonly checkpoint: Checkpoint
  readonly signed: SignedBy | undefined
  readonly members: readonly Uint8Array[] | undefined
}

/** A comparison that this side opened. */
interface Asking {
  readonly token: number
  readonly peer: PeerId
  readonly number: number
  readonly namespaces: readonly string[]
  readonly session: Reconciler | undefined
  readonly ours: StateItems | undefined
  readonly checkpoint: Checkpoint | undefined
  theirs: Verified<Checkpoint> | undefined
  /** Of the checkpoint that is being checked. */
  checking: number | undefined
  readonly need: string[]
  readonly have: Set<string>
  readonly missing: Uint8Array[]
  /** Ids that were asked for and have not come. */
  wanted: string[]
  isCompared: boolean
}

/** A comparison that a peer opened. */
interface Telling {
  readonly number: number
  readonly session: Reconciler
  readonly state: StateItems
}

/** Most comparisons that are opened here at once. Source: our choice. */
const maxAsking = 8
/** Most comparisons of others that are answered at once; one a peer. Source: our choice. */
const maxTelling = 16
/** A comparison on which nothing comes for so long is over. Source: our choice. */
const silenceMs = 30_000
/** Most members that differ in one comparison. Source: our choice: what one session of reconcile reports. */
const maxDifference = 16_384
/** Most bytes of members that one comparison fetches. Source: our choice. */
const maxFetchedBytes = 67_108_864

/**
 * Compares what this peer holds with what another does: asks for its checkpoint, finds what differs, fetches that, and
 * believes it only if it makes the root that the other has signed. Admitted peers are answered.
 */
export class StateExchange {
  readonly #rng: Rng
  readonly #stateOf: (namespaces: readonly string[]) => OwnState | undefined
  readonly #nextToken: () => number
  readonly #askingByNumber = new Map<number, Asking>()
  readonly #tellingByPeer = new Map<PeerId, Telling>()
  /** Built once a state, for many sessions. */
  readonly #itemsByMembers = new WeakMap<readonly Uint8Array[], StateItems>()
  readonly #openings = new Openings()
  #admitted: ReadonlySet<PeerId> = new Set()
  #number = 0

  constructor(
    rng: Rng,
    stateOf: (namespaces: readonly string[]) => OwnState | undefined,
    nextToken: () => number,
  ) {
    this.#rng = rng
    this.#stateOf = stateOf
    this.#nextToken = nextToken
  }

  admitted(peers: readonly PeerId[]): void {
    this.#admitted = new Set(peers)
  }

  /** Begins a comparison. */
  compare(
    { token, peer, namespaces, fetches }: Extract<WitnessEvent, { readonly type: 'compare' }>,
    now: Instant,
  ): readonly WitnessEffect[] {
    const no = (why: StateFault['why']): readonly WitnessEffect[] => [
      { type: 'emit', output: { type: 'uncompared', token, fault: faultOf(why, peer) } },
    ]
    if (this.#askingByNumber.size >= maxAsking) return no('busy')
    const state = this.#stateOf(namespaces)
    if (fetches && state?.members === undefined) return no('ours')
    const ours = fetches ? this.#itemsOf(state!.members!) : undefined
    const opening = ours && startSession(ours.items, this.#rng, { limits: sessionLimits })
    const number = ++this.#number
    this.#askingByNumber.set(number, {
      token,
      peer,
      number,
      namespaces,
      session: opening?.session,
      ours,
      checkpoint: state?.checkpoint,
      theirs: undefined,
      checking: undefined,
      need: [],
      have: new Set(),
      missing: [],
      wanted: [],
      isCompared: opening === undefined,
    })
    const message = {
      type: 'open',
      number,
      namespaces,
      opening: opening?.message ?? null,
    } as const
    return [{ type: 'send', to: peer, message }, armSilence(askTimer, String(number), now)]
  }

  received(from: PeerId, message: StateMessage, now: Instant): readonly WitnessEffect[] {
    switch (message.type) {
      case 'open':
        return this.#opened(from, message, now)
      case 'coded':
        return message.byOpener
          ? this.#answer(from, message, now)
          : this.#withAsking(from, message.number, now, (one) =>
              this.#coded(one, one.session?.answer(message.value)),
            )
      case 'want':
        return this.#give(from, message, now)
      case 'shown':
        return this.#withAsking(from, message.number, now, (one) =>
          this.#shown(one, message.checkpoint),
        )
      case 'members':
        return this.#withAsking(from, message.number, now, (one) =>
          this.#came(one, message.members),
        )
      case 'end':
        if (message.byOpener) return this.#forget(from, message.number)
        return this.#withAsking(from, message.number, now, (one) => this.#fail(one, 'stopped'))
    }
  }

  /** Answers `verify`. Whether the token was one of these. */
  verified(
    token: number,
    checkpoint: Verified<Checkpoint> | undefined,
  ): readonly WitnessEffect[] | undefined {
    for (const one of this.#askingByNumber.values()) {
      if (one.checking !== token) continue
      one.checking = undefined
      if (checkpoint === undefined) {
        const fault = { code: 'holonomic/witness-forged' } as const
        const reject = { type: 'reject', from: one.peer, fault } as const
        return [{ type: 'emit', output: reject }, ...this.#fail(one, 'unlike')]
      }
      one.theirs = checkpoint
      return this.#goOn(one)
    }
    return undefined
  }

  linkDown(peer: PeerId): readonly WitnessEffect[] {
    const asking = [...this.#askingByNumber.values()].filter((one) => one.peer === peer)
    this.#tellingByPeer.delete(peer)
    return [
      ...asking.flatMap((one) => this.#fail(one, 'unreachable')),
      { type: 'disarm', key: tellTimer + peer },
    ]
  }

  fired(key: string): readonly WitnessEffect[] {
    for (const one of this.#askingByNumber.values()) {
      if (key === askTimer + one.number) return this.#fail(one, 'silent')
    }
    for (const peer of this.#tellingByPeer.keys()) {
      if (key === tellTimer + peer) this.#tellingByPeer.delete(peer)
    }
    return []
  }

  #opened(
    from: PeerId,
    { number, namespaces, opening }: Extract<StateMessage, { readonly type: 'open' }>,
    now: Instant,
  ): readonly WitnessEffect[] {
    const state = this.#admitted.has(from) ? this.#stateOf(namespaces) : undefined
    const checkpoint = state?.signed
    const shown = {
      type: 'send',
      to: from,
      message: { type: 'shown', number, checkpoint },
    } as const
    if (checkpoint === undefined || opening === null) return [shown]
    const isFull = this.#tellingByPeer.size >= maxTelling && !this.#tellingByPeer.has(from)
    if (state?.members === undefined || isFull || !this.#openings.admits(from, now)) {
      return [shown, endTo(from, number, false)]
    }
    const held = this.#itemsOf(state.members)
    const session = acceptSession(held.items, this.#rng, { limits: sessionLimits })
    this.#tellingByPeer.set(from, { number, session, state: held })
    const answer = session.answer(opening)
    return [
      shown,
      ...this.#reply(from, number, false, answer.reply),
      ...(answer.fault === undefined ? [] : [endTo(from, number, false)]),
      armSilence(tellTimer, from, now),
    ]
  }

  #answer(
    from: PeerId,
    { number, value }: Extract<StateMessage, { readonly type: 'coded' }>,
    now: Instant,
  ): readonly WitnessEffect[] {
    const telling = this.#tellingByPeer.get(from)
    if (telling?.number !== number) return [endTo(from, number, false)]
    const answer = telling.session.answer(value)
    return [
      ...this.#reply(from, number, false, answer.reply),
      ...(answer.fault === undefined ? [] : [endTo(from, number, false)]),
      armSilence(tellTimer, from, now),
    ]
  }

  #give(
    from: PeerId,
    { number, ids }: Extract<StateMessage, { readonly type: 'want' }>,
    now: Instant,
  ): readonly WitnessEffect[] {
    const telling = this.#tellingByPeer.get(from)
    if (telling?.number !== number) return [endTo(from, number, false)]
    const members: Uint8Array[] = []
    let bytes = 0
    for (const id of ids) {
      const member = telling.state.memberById.get(id)
      // Nobody else knows the name of a member that is not there.
      if (member === undefined || bytes >= membersBytes) break
      members.push(member)
      bytes += member.length
    }
    if (members.length === 0) return [endTo(from, number, false)]
    return [
      { type: 'send', to: from, message: { type: 'members', number, members } },
      armSilence(tellTimer, from, now),
    ]
  }

  #shown(one: Asking, signed: SignedBy | undefined): readonly WitnessEffect[] {
    if (signed === undefined) return this.#fail(one, 'unknown')
    const read = decodeCheckpoint(signed.body)
    const isAsked =
      read.ok &&
      read.value.peer === one.peer &&
      read.value.namespaces.length === one.namespaces.length &&
      read.value.namespaces.every((name, index) => name === one.namespaces[index])
    if (!isAsked || one.theirs !== undefined || one.checking !== undefined) {
      return this.#fail(one, 'unlike')
    }
    const token = this.#nextToken()
    one.checking = token
    return [{ type: 'emit', output: { type: 'verify', token, from: one.peer, signed } }]
  }

  #coded(
    one: Asking,
    answer: ReturnType<Reconciler['answer']> | undefined,
  ): readonly WitnessEffect[] {
    if (answer === undefined || one.isCompared) return this.#fail(one, 'unlike')
    for (const { id } of answer.need) one.need.push(id)
    for (const { id } of answer.have) one.have.add(id)
    if (answer.fault !== undefined) return this.#fail(one, 'stopped')
    one.isCompared = answer.done
    return [...this.#reply(one.peer, one.number, true, answer.reply), ...this.#goOn(one)]
  }

  #came(one: Asking, members: readonly Uint8Array[]): readonly WitnessEffect[] {
    const isAsked = members.every((member, index) => nameOf(member) === one.wanted[index])
    if (members.length === 0 || !isAsked) return this.#fail(one, 'unlike')
    one.missing.push(...members.map((member) => Uint8Array.from(member)))
    // What did not fit is asked for again.
    one.need.unshift(...one.wanted.slice(members.length))
    one.wanted = []
    const bytes = one.missing.reduce((sum, { length }) => sum + length, 0)
    return bytes > maxFetchedBytes ? this.#fail(one, 'stopped') : this.#goOn(one)
  }

  /** Asks for what is missing, or finishes. */
  #goOn(one: Asking): readonly WitnessEffect[] {
    if (one.theirs === undefined || !one.isCompared || one.wanted.length > 0) return []
    if (one.need.length > 0) {
      one.wanted = one.need.splice(0, maxWantedMembers)
      const message = { type: 'want', number: one.number, ids: one.wanted } as const
      return [{ type: 'send', to: one.peer, message }]
    }
    const difference = differenceOf(one, one.theirs)
    if (difference === undefined) return this.#fail(one, 'unlike')
    const output = { type: 'compared', token: one.token, difference } as const
    return [...this.#close(one), { type: 'emit', output }]
  }

  #fail(one: Asking, why: StateFault['why']): readonly WitnessEffect[] {
    const fault = faultOf(why, one.peer)
    const output = { type: 'uncompared', token: one.token, fault } as const
    return [...this.#close(one), { type: 'emit', output }]
  }

  #close(one: Asking): readonly WitnessEffect[] {
    this.#askingByNumber.delete(one.number)
    const end = one.session === undefined ? [] : [endTo(one.peer, one.number, true)]
    return [...end, { type: 'disarm', key: askTimer + one.number }]
  }

  #forget(from: PeerId, number: number): readonly WitnessEffect[] {
    if (this.#tellingByPeer.get(from)?.number !== number) return []
    this.#tellingByPeer.delete(from)
    return [{ type: 'disarm', key: tellTimer + from }]
  }

  #withAsking(
    from: PeerId,
    number: number,
    now: Instant,
    then: (one: Asking) => readonly WitnessEffect[],
  ): readonly WitnessEffect[] {
    const one = this.#askingByNumber.get(number)
    if (one === undefined || one.peer !== from) return []
    const effects = then(one)
    if (!this.#askingByNumber.has(number)) return effects
    return [...effects, armSilence(askTimer, String(number), now)]
  }

  #reply(
    to: PeerId,
    number: number,
    byOpener: boolean,
    value: ReturnType<Reconciler['answer']>['reply'],
  ): readonly WitnessEffect[] {
    if (value === undefined) return []
    return [{ type: 'send', to, message: { type: 'coded', number, byOpener, value } }]
  }

  #itemsOf(members: readonly Uint8Array[]): StateItems {
    const known = this.#itemsByMembers.get(members)
    if (known !== undefined) return known
    const built = stateItems(members)
    this.#itemsByMembers.set(members, built)
    return built
  }
}

/** Timers of comparisons begin so. */
const askTimer = 'ask '
const tellTimer = 'tell '

const sessionLimits = { difference: maxDifference } as const

/** What came must make the peer's state of ours; nothing otherwise. */
function differenceOf(one: Asking, theirs: Verified<Checkpoint>): StateDifference | undefined {
  const ours = one.checkpoint
  if (one.ours === undefined) return { theirs, ours, missing: [], extra: [] }
  const extra: Uint8Array[] = []
  const kept: Uint8Array[] = [...one.missing]
  for (const [id, member] of one.ours.memberById) {
    if (one.have.has(id)) extra.push(member)
    else kept.push(member)
  }
  const { root, size } = setRoot(kept)
  const isTheirs = size === theirs.stateSize && equalBytes(root, theirs.stateRoot)
  return isTheirs ? { theirs, ours, missing: one.missing, extra } : undefined
}

function nameOf(member: Uint8Array): string {
  return toHex(hash('leaf', member))
}

function faultOf(why: StateFault['why'], peer: PeerId): StateFault {
  return { code: 'holonomic/no-state', why, peer }
}

function endTo(to: PeerId, number: number, byOpener: boolean): WitnessEffect {
  return { type: 'send', to, message: { type: 'end', number, byOpener } }
}

function armSilence(prefix: string, of: string, now: Instant): WitnessEffect {
  return { type: 'arm', key: prefix + of, at: after(now, silenceMs) }
}
