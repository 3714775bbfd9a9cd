import { after, equalBytes, type Instant } from '@kithnet/kernel'
import type { NetworkId, PeerId } from '@kithnet/types'
import type { CommitFault, LogFault } from '../faults.ts'
import { type Checkpoint, encodeCheckpoint, isNamespaces, logIdOf } from './checkpoint.ts'
import { checkpointId, cosignersOf } from './cosignature.ts'
import { logKey } from './witness-disk.ts'
import { maxMemberBytes, type SignedBy, type WitnessMessage } from './witness-messages.ts'
import type { WitnessConfig, WitnessEffect, WitnessEvent } from './witness-events.ts'
import { WitnessLog } from './witness-log.ts'

/** A checkpoint with those who have cosigned it. */
export interface Witnessed {
  readonly checkpoint: Checkpoint
  readonly signed: SignedBy
  readonly cosignatures: ReadonlyMap<PeerId, SignedBy>
}

/** What an offer to a witness has come to. */
interface Offer {
  /** The epoch from which the proof starts that was sent last. */
  from: number
  /** The witness has refused for good, until there is a next checkpoint. */
  isDeclined: boolean
}

interface OwnedLog {
  readonly id: string
  readonly name: Pick<Checkpoint, 'network' | 'peer' | 'namespaces'>
  log: WitnessLog
  /** Of the last commit of this process. */
  members: readonly Uint8Array[] | undefined
  pending:
    | {
        readonly token: number
        readonly checkpoint: Checkpoint
        readonly body: Uint8Array
        readonly members: readonly Uint8Array[]
      }
    | undefined
  /** The last checkpoint that is on disk. */
  head: { readonly checkpoint: Checkpoint; readonly body: Uint8Array } | undefined
  /** Its signature, once the book has it. */
  signed: SignedBy | undefined
  /** The epoch that others have of it, when this disk has not. */
  behind: number | undefined
  cosignatures: Map<PeerId, SignedBy>
  witnessed: Witnessed | undefined
  offers: Map<PeerId, Offer>
  readonly knownEpochByPeer: Map<PeerId, number>
  /** Found once for each list of who is admitted: ranking a thousand peers costs a millisecond. */
  appointed: readonly PeerId[] | undefined
  tries: number
}

/** Most logs of one peer: of its own, and of another that a witness follows. Source: our choice. */
export const maxLogsPerPeer = 16
/** Most members of a state. Source: our choice: a session over them costs 0.1 s. */
export const maxStateMembers = 262_144

/**
 * The owner's side of its logs: a state is on disk before it is signed, signed and broadcast before it is offered, and
 * offered to the witnesses that everybody finds until they have cosigned. A log of which others have more than the disk is
 * not gone on with: that would fork it.
 */
export class LogOwner {
  readonly #self: PeerId
  readonly #network: NetworkId
  readonly #config: WitnessConfig
  readonly #logs = new Map<string, OwnedLog>()
  #admitted: readonly PeerId[] = []
  #isReady = false

  /** `kept` are checkpoints as they were on disk, each log's by epoch. */
  constructor(
    self: PeerId,
    network: NetworkId,
    config: WitnessConfig,
    kept: Iterable<Checkpoint> = [],
  ) {
    this.#self = self
    this.#network = network
    this.#config = config
    for (const checkpoint of kept) this.#restore(checkpoint)
  }

  /** The last checkpoints, each with its members when they were committed by this process. */
  *heads(): Iterable<{
    readonly log: string
    readonly checkpoint: Checkpoint
    readonly signed: SignedBy | undefined
    readonly cosigners: readonly PeerId[]
    readonly members: readonly Uint8Array[] | undefined
  }> {
    for (const { id, head, signed, cosignatures, members } of this.#logs.values()) {
      if (head === undefined) continue
      const { checkpoint } = head
      yield { log: id, checkpoint, signed, cosigners: [...cosignatures.keys()], members }
    }
  }

  /** The log itself and the last of its checkpoints that enough have cosigned, for proofs. */
  proven(
    namespaces: readonly string[],
  ): { readonly log: WitnessLog; readonly witnessed: Witnessed | undefined } | undefined {
    const owned = this.#logs.get(logIdOf(this.#name(namespaces)))
    return owned && { log: owned.log, witnessed: owned.witnessed }
  }

  commit(event: Extract<WitnessEvent, { readonly type: 'commit' }>): readonly WitnessEffect[] {
    const { token, namespaces, members, at } = event
    const refuse = (fault: CommitFault | LogFault): readonly WitnessEffect[] => [
      { type: 'emit', output: { type: 'uncommitted', token, fault } },
    ]
    const not = (why: CommitFault['why']): readonly WitnessEffect[] =>
      refuse({ code: 'holonomic/not-committed', why })
    if (!this.#isReady) return not('not-ready')
    if (!isNamespaces(namespaces)) return not('namespaces')
    const isLong = members.some(({ length }) => length > maxMemberBytes)
    if (members.length > maxStateMembers || isLong) return not('members')
    const owned = this.#owned(namespaces)
    if (owned === undefined) return not('logs')
    if (owned.pending !== undefined) return not('busy')
    const behind = behindOf(owned)
    if (behind !== undefined) return refuse(behind)
    const { checkpoint } = owned.log.commit(members, at)
    const body = encodeCheckpoint(checkpoint)
    owned.pending = { token, checkpoint, body, members }
    return [{ type: 'persist', key: keyOf(owned.id, checkpoint.epoch), value: body }]
  }

  persisted(key: string): readonly WitnessEffect[] {
    const owned = this.#writing(key)
    if (owned === undefined) return []
    const { token, checkpoint, body, members } = owned.pending!
    owned.pending = undefined
    owned.head = { checkpoint, body }
    owned.signed = undefined
    owned.members = members
    owned.cosignatures = new Map()
    owned.offers = new Map()
    owned.tries = 0
    const fault = behindOf(owned)
    if (fault !== undefined) {
      return [{ type: 'emit', output: { type: 'uncommitted', token, fault } }]
    }
    return [
      { type: 'emit', output: { type: 'publish', checkpoint, body } },
      { type: 'emit', output: { type: 'committed', token, checkpoint } },
    ]
  }

  /** The disk may have it or not; nobody else has, so it is as if it had not been. */
  unpersisted(key: string): readonly WitnessEffect[] {
    const owned = this.#writing(key)
    if (owned === undefined) return []
    const { token } = owned.pending!
    owned.pending = undefined
    owned.log = new WitnessLog(owned.name, owned.log.leaves.slice(0, -1))
    const fault = { code: 'holonomic/not-committed', why: 'disk' } as const
    return [{ type: 'emit', output: { type: 'uncommitted', token, fault } }]
  }

  known(
    { checkpoint, signed }: Extract<WitnessEvent, { readonly type: 'known' }>,
    now: Instant,
  ): readonly WitnessEffect[] {
    const owned = this.#owned(checkpoint.namespaces)
    if (owned === undefined || checkpoint.peer !== this.#self) return []
    const { epoch } = checkpoint
    const isOurs =
      epoch <= (owned.head?.checkpoint.epoch ?? 0) &&
      equalBytes(encodeCheckpoint(owned.log.checkpointAt(epoch)), signed.body)
    if (!isOurs) {
      if (owned.behind !== undefined && owned.behind >= epoch) return []
      owned.behind = epoch
      const fault = behindOf(owned)!
      return [
        { type: 'emit', output: { type: 'behind', log: owned.id, fault } },
        { type: 'disarm', key: timerOf(owned.id) },
      ]
    }
    if (epoch < owned.head!.checkpoint.epoch || owned.signed !== undefined) return []
    owned.signed = signed
    return this.#offer(owned, now)
  }

  cosignature(
    event: Extract<WitnessEvent, { readonly type: 'cosignature' }>,
  ): readonly WitnessEffect[] {
    const { cosignature, signed } = event
    const owned = this.#logs.get(cosignature.log)
    const { head } = owned ?? {}
    if (owned === undefined || head === undefined || owned.signed === undefined) return []
    if (cosignature.epoch !== head.checkpoint.epoch) return []
    if (cosignature.checkpoint !== checkpointId(head.checkpoint)) return []
    const { cosigner } = cosignature
    const appointed = this.#appointed(owned)
    if (!appointed.includes(cosigner) || owned.cosignatures.has(cosigner)) return []
    owned.cosignatures.set(cosigner, signed)
    owned.knownEpochByPeer.set(cosigner, cosignature.epoch)
    const effects: WitnessEffect[] = []
    const { checkpoint } = head
    const by = appointed.filter((peer) => owned.cosignatures.has(peer))
    if (by.length >= this.#config.threshold) {
      const cosignatures = new Map(owned.cosignatures)
      owned.witnessed = { checkpoint, signed: owned.signed, cosignatures }
      const { epoch } = checkpoint
      effects.push({ type: 'emit', output: { type: 'witnessed', log: owned.id, epoch, by } })
    }
    if (by.length === appointed.length) effects.push({ type: 'disarm', key: timerOf(owned.id) })
    return effects
  }

  /** What others have of these logs was told: what was kept and perhaps not signed is signed now. */
  ready(now: Instant): readonly WitnessEffect[] {
    if (this.#isReady) return []
    this.#isReady = true
    return [...this.#logs.values()].flatMap((owned) => {
      const { head, signed, behind } = owned
      if (head === undefined || behind !== undefined) return []
      if (signed !== undefined) return this.#offer(owned, now)
      return [{ type: 'emit', output: { type: 'publish', ...head } } as const]
    })
  }

  admitted(peers: readonly PeerId[], now: Instant): readonly WitnessEffect[] {
    this.#admitted = peers
    for (const owned of this.#logs.values()) owned.appointed = undefined
    return [...this.#logs.values()].flatMap((owned) => this.#offer(owned, now))
  }

  /** Whether an answer of the peer about its own cosignature is waited for. */
  awaits(peer: PeerId): boolean {
    for (const { offers, cosignatures } of this.#logs.values()) {
      if (offers.has(peer) && !cosignatures.has(peer)) return true
    }
    return false
  }

  refused(
    by: PeerId,
    refusal: Extract<WitnessMessage, { readonly type: 'refused' }>,
  ): readonly WitnessEffect[] {
    const { log, epoch, why, knownEpoch } = refusal
    const owned = this.#logs.get(log)
    const offer = owned?.offers.get(by)
    if (owned === undefined || offer === undefined || offer.isDeclined) return []
    if (owned.head?.checkpoint.epoch !== epoch) return []
    if (why !== 'inconsistent' && why !== 'rollback' && why !== 'fork') return []
    if (why === 'inconsistent' && knownEpoch < epoch && knownEpoch !== offer.from) {
      owned.knownEpochByPeer.set(by, knownEpoch)
      return [this.#send(owned, by)]
    }
    offer.isDeclined = true
    return [{ type: 'emit', output: { type: 'refused', by, log, epoch, why } }]
  }

  fired(key: string, now: Instant): readonly WitnessEffect[] {
    for (const owned of this.#logs.values()) {
      if (timerOf(owned.id) !== key) continue
      owned.tries++
      return this.#offer(owned, now)
    }
    return []
  }

  /** Puts the head to every appointed witness that has not answered, again and again. */
  #offer(owned: OwnedLog, now: Instant): readonly WitnessEffect[] {
    if (!this.#isReady || owned.signed === undefined || owned.behind !== undefined) return []
    const waiting = this.#appointed(owned).filter(
      (peer) => !owned.cosignatures.has(peer) && owned.offers.get(peer)?.isDeclined !== true,
    )
    const { retryMs, maxRetryMs } = this.#config
    const waitMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(owned.tries, 20))
    const key = timerOf(owned.id)
    if (waiting.length === 0) return [{ type: 'disarm', key }]
    return [
      ...waiting.map((peer) => this.#send(owned, peer)),
      { type: 'arm', key, at: after(now, waitMs) },
    ]
  }

  #send(owned: OwnedLog, to: PeerId): WitnessEffect {
    const { epoch } = owned.head!.checkpoint
    const from = Math.min(owned.knownEpochByPeer.get(to) ?? 0, epoch)
    owned.offers.set(to, { from, isDeclined: false })
    const basis = from === 0 ? new Uint8Array(0) : encodeCheckpoint(owned.log.checkpointAt(from))
    const proof = owned.log.consistencyProof(from, epoch)
    return { type: 'send', to, message: { type: 'offer', checkpoint: owned.signed!, basis, proof } }
  }

  #appointed(owned: OwnedLog): readonly PeerId[] {
    owned.appointed ??= cosignersOf(owned.id, this.#admitted, this.#config.cosigners)
    return owned.appointed
  }

  #owned(namespaces: readonly string[]): OwnedLog | undefined {
    const name = this.#name(namespaces)
    const id = logIdOf(name)
    const known = this.#logs.get(id)
    if (known !== undefined || this.#logs.size >= maxLogsPerPeer) return known
    const owned: OwnedLog = {
      id,
      name,
      log: new WitnessLog(name),
      members: undefined,
      pending: undefined,
      head: undefined,
      signed: undefined,
      behind: undefined,
      cosignatures: new Map(),
      witnessed: undefined,
      offers: new Map(),
      knownEpochByPeer: new Map(),
      appointed: undefined,
      tries: 0,
    }
    this.#logs.set(id, owned)
    return owned
  }

  #restore(checkpoint: Checkpoint): void {
    const owned = this.#owned(checkpoint.namespaces)
    if (owned === undefined) return
    owned.log.append(checkpoint)
    owned.head = { checkpoint, body: encodeCheckpoint(checkpoint) }
  }

  #name(namespaces: readonly string[]): Pick<Checkpoint, 'network' | 'peer' | 'namespaces'> {
    return { network: this.#network, peer: this.#self, namespaces }
  }

  #writing(key: string): OwnedLog | undefined {
    for (const owned of this.#logs.values()) {
      const { pending, id } = owned
      if (pending !== undefined && key === keyOf(id, pending.checkpoint.epoch)) return owned
    }
    return undefined
  }
}

/** Keys of timers begin so. */
export const offerTimer = 'offer '

function timerOf(log: string): string {
  return offerTimer + log
}

function keyOf(log: string, epoch: number): string {
  return `${logKey}${log} ${epoch}`
}

function behindOf({ behind, head }: OwnedLog): LogFault | undefined {
  if (behind === undefined) return undefined
  const epoch = head?.checkpoint.epoch ?? 0
  return { code: 'holonomic/log-behind', epoch, knownEpoch: behind }
}
