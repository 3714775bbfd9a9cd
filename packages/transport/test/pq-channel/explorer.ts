import { type Bytes, type Rng, seededRng, toHex } from '@kithnet/kernel'
import { networkId, type PeerId } from '@kithnet/types'
import { frameHeaderBytes } from '../../src/pq-channel/frames.ts'
import type { HandshakeGate } from '../../src/pq-channel/gate.ts'
import { answerClearBytes } from '../../src/pq-channel/messages.ts'
import { aesSuite, chaChaSuite } from '../../src/pq-channel/primitives.ts'
import { type Endpoint, gateOf, initiator, responder, type Setting } from './endpoint.ts'
import { IdealWorld, type Party } from './ideal.ts'

/** An endpoint in the attacker's hands: whose it is, and whom it is meant to meet. */
interface Actor {
  readonly role: 'initiator' | 'responder'
  /** Who it says it is. */
  readonly owner: Party
  /** It says that it is somebody else: nobody may ever agree with it. */
  readonly impostor: boolean
  readonly expect: PeerId | 'first-contact' | undefined
  readonly place: string
  readonly end: Endpoint
  /** Messages that the attacker has already seen. */
  seen: number
  /** Where the attacker carries its messages when it behaves, and how many it has carried. */
  partner: Actor | undefined
  carried: number
}

/** The stage of one run. */
interface Stage {
  readonly rng: Rng
  readonly setting: Setting
  readonly parties: readonly Party[]
  readonly insider: Party
  readonly gates: ReadonlyMap<PeerId, HandshakeGate>
  readonly actors: Actor[]
  /** Every message that was ever sent. */
  readonly known: Bytes[]
  /** Every signature that was ever made: more than an attacker could have. */
  readonly signatures: readonly Bytes[]
}

/** What a run met, to show that runs are not empty. */
export interface Coverage {
  established: number
  agreements: number
  failed: number
  faults: Map<string, number>
}

/**
 * One random schedule of a Dolev-Yao attacker: it carries all messages, keeps, drops, repeats, reorders,
 * reflects, changes and splices them, starts handshakes at honest ends, and takes part with an identity of its
 * own. Throws when a property is violated. `sabotage` breaks the honest ends, to see that it is noticed.
 */
export function exploreOnce(
  seed: string,
  steps: number,
  coverage: Coverage,
  sabotage: (setting: Setting) => Setting = (setting) => setting,
): void {
  const stage = stageOf(seed, sabotage)
  const { actors, known, rng } = stage
  for (let step = 0; step < steps; step++) {
    if (actors.length < 2 || (actors.length < 12 && rng.below(8) === 0)) enter(stage)
    else act(stage)
    for (const actor of actors) {
      for (; actor.seen < actor.end.sent.length; actor.seen++) {
        known.push(actor.end.sent[actor.seen]!)
      }
    }
  }
  for (const { end } of actors) if (end.session === undefined) end.on({ type: 'ended' })
  check(actors, coverage)
  for (const [peer, gate] of stage.gates) {
    if (gate.halfOpen !== 0) throw new Error(`the gate of ${peer} counts ${gate.halfOpen}`)
  }
}

function stageOf(seed: string, sabotage: (setting: Setting) => Setting): Stage {
  const world = new IdealWorld(seed)
  const setting = sabotage({ primitives: world.primitives, judge: world })
  const signatures: Bytes[] = []
  const watched = (name: string): Party => {
    const party = world.party(name)
    const sign = (body: Uint8Array): Bytes => {
      const signature = party.sign(body)
      signatures.push(signature)
      return signature
    }
    return { ...party, sign }
  }
  const parties = ['a', 'b', 'c'].map(watched)
  const insider = watched('insider')
  const limits = { cookieAbove: 1, maxHalfOpen: 2 }
  const gates = new Map([...parties, insider].map(({ peer }) => [peer, gateOf(setting, limits)]))
  const rng = seededRng(`${seed} attacker`)
  return { rng, setting, parties, insider, gates, actors: [], known: [], signatures }
}

/** Two new ends that are meant for each other, or one alone. */
function enter(stage: Stage): void {
  const { rng, parties, insider, actors } = stage
  const all = [...parties, insider]
  const one = all[rng.below(all.length)]!
  const others = all.filter((party) => party !== one)
  const two = others[rng.below(others.length)]!
  const expect = rng.below(3) === 0 ? 'first-contact' : two.peer
  const kind = rng.below(4)
  const dialler = kind === 3 ? undefined : actorOf(stage, one, expect)
  const listener = kind === 2 ? undefined : actorOf(stage, two, undefined)
  if (dialler !== undefined) actors.push(dialler)
  if (listener !== undefined) actors.push(listener)
  if (dialler === undefined || listener === undefined) return
  dialler.partner = listener
  listener.partner = dialler
}

/** Some ends are of another network or carrier, offer one suite, or are not who they say. */
function actorOf(stage: Stage, party: Party, expect: Actor['expect']): Actor {
  const { rng, setting, insider, signatures } = stage
  const odd = rng.below(20)
  const network = odd === 0 ? 'other' : 'test'
  const label = odd === 1 ? 'none:other' : 'none:test'
  const suites = odd === 2 ? [chaChaSuite] : [aesSuite, chaChaSuite]
  const impostor = odd === 3 && party !== insider
  const stolen = (body: Uint8Array): Bytes =>
    signatures[rng.below(2 * signatures.length + 1)] ?? insider.sign(body)
  const owner = impostor ? { ...party, sign: stolen } : party
  const own = { ...setting, network: networkId(network), label, suites }
  const gate = stage.gates.get(party.peer)!
  const end =
    expect === undefined
      ? responder(owner, own, gate, `address ${rng.below(2)}`)
      : initiator(owner, expect, own)
  const role = expect === undefined ? 'responder' : 'initiator'
  const place = `${network} ${label}`
  return { role, owner, impostor, expect, place, end, seen: 0, partner: undefined, carried: 0 }
}

function act({ rng, actors, known }: Stage): void {
  if (known.length === 0) return
  const to = actors[rng.below(actors.length)]!.end
  const recent = known[known.length - 1 - rng.below(Math.min(4, known.length))]!
  const any = known[rng.below(known.length)]!
  switch (rng.below(16)) {
    case 0:
      to.feed(flipped(rng, any))
      return
    case 1:
      to.feed(spliced(any, recent))
      return
    case 2:
      to.feed(any)
      return
    case 3:
      to.feed(recent)
      return
    case 4:
      if (rng.below(4) === 0) to.on({ type: rng.below(2) === 0 ? 'ended' : 'started' })
      return
    default:
      carry(rng, actors)
  }
}

/** Does what an honest network would do with one message. */
function carry(rng: Rng, actors: readonly Actor[]): void {
  const ready = actors.filter(
    ({ partner, carried, end }) => partner !== undefined && carried < end.sent.length,
  )
  const from = ready[rng.below(Math.max(1, ready.length))]
  from?.partner?.end.feed(from.end.sent[from.carried++]!)
}

function flipped(rng: Rng, message: Bytes): Bytes {
  const copy = Uint8Array.from(message)
  copy[rng.below(copy.length)]! ^= 1 << rng.below(8)
  return copy
}

/** The clear part of one answer with the sealed part of another; else one message after the other. */
function spliced(one: Bytes, other: Bytes): Bytes {
  const cut = frameHeaderBytes + answerClearBytes
  if (one[0] === 3 && other[0] === 3) {
    const mixed = Uint8Array.from(one)
    mixed.set(other.subarray(cut), cut)
    return mixed
  }
  const joined = new Uint8Array(one.length + other.length)
  joined.set(one)
  joined.set(other, one.length)
  return joined
}

function check(actors: readonly Actor[], coverage: Coverage): void {
  const byExporter = new Map<string, Actor[]>()
  for (const actor of actors) {
    const { session, fault } = actor.end
    if (session === undefined) {
      coverage.failed++
      const code = fault?.code ?? 'none'
      coverage.faults.set(code, (coverage.faults.get(code) ?? 0) + 1)
      if (fault === undefined) throw new Error('an end without session has no fault')
      continue
    }
    coverage.established++
    const key = toHex(session.exporter)
    byExporter.set(key, [...(byExporter.get(key) ?? []), actor])
    if (session.remote === actor.owner.peer) throw new Error('a session with oneself')
    const { expect } = actor
    if (expect !== undefined && expect !== 'first-contact' && expect !== session.remote) {
      throw new Error('a session with an unexpected peer')
    }
  }
  for (const sharing of byExporter.values()) checkAgreement(sharing, actors, coverage)
}

/** Everybody who holds the same secrets. */
function checkAgreement(
  sharing: readonly Actor[],
  actors: readonly Actor[],
  coverage: Coverage,
): void {
  if (sharing.length > 2) throw new Error('secrets shared by more than two')
  const [one, two] = sharing
  if (two === undefined) {
    checkAlone(one!, actors)
    return
  }
  coverage.agreements++
  if (one!.impostor || two.impostor) throw new Error('somebody believes an impostor')
  if (one!.role === two.role) throw new Error('two ends of one role agree')
  if (one!.place !== two.place) throw new Error('agreement across networks or labels')
  const [mine, theirs] = [one!.end.session!, two.end.session!]
  if (mine.remote !== two.owner.peer || theirs.remote !== one!.owner.peer) {
    throw new Error('the two do not agree who they are')
  }
  if (mine.suite !== theirs.suite) throw new Error('the two do not agree on the suite')
  if (toHex(mine.sendSecret) !== toHex(theirs.receiveSecret)) throw new Error('keys differ')
  if (toHex(mine.receiveSecret) !== toHex(theirs.sendSecret)) throw new Error('keys differ')
}

/**
 * One end holds secrets that nobody shares yet. A responder never does: its initiator was done first. An
 * initiator's responder has signed, and may lack the finish.
 */
function checkAlone(actor: Actor, actors: readonly Actor[]): void {
  const { remote } = actor.end.session!
  if (actor.role === 'responder') throw new Error('a responder agrees with nobody')
  const signed = actors.some(
    ({ role, owner, impostor, end }) =>
      role === 'responder' &&
      owner.peer === remote &&
      !impostor &&
      end.sent.some((sent) => sent[0] === 3),
  )
  if (!signed) throw new Error('an initiator believes in a peer that never answered')
}
