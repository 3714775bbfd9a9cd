import { after, type Instant } from '@kithnet/kernel'
import {
  type Batch,
  batchIdOf,
  contentOf,
  decodeBatch,
  type MessageId,
  type PeerId,
  type Verified,
} from '@kithnet/types'
import type { Acceptance } from './acceptance.ts'
import { contentOfManifest } from './assemblies.ts'
import type { TrustedBatch } from './batch-book.ts'
import { BatchRequests } from './batch-requests.ts'
import type { Dissemination } from './dissemination.ts'
import { contradiction } from './lanes.ts'
import { prefixOf } from './id-prefix.ts'
import { LargeMessages } from './large-messages.ts'
import { MessageIds } from './message-ids.ts'
import type { BatchMessage, EagerMessage, ManifestMessage } from './messages.ts'
import { OwedMessages } from './owed-messages.ts'
import { addSource, bytesOf, Pending, type PendingBatch, type PendingMessage } from './pending.ts'
import type { State } from './state.ts'

/**
 * What comes in before it is believed. Checks run from cheap to dear: the id is recomputed, then seen and
 * pending, then the link's budget of unverified work, then batch and key, then the signature. Nothing here
 * delivers, forwards, caches, announces or acknowledges; `Acceptance` does.
 */
export class Intake {
  readonly pending: Pending
  readonly large: LargeMessages
  readonly #state: State
  readonly #acceptance: Acceptance
  readonly #dissemination: Dissemination
  readonly #requests: BatchRequests
  readonly #owed = new OwedMessages()
  readonly #ids: MessageIds

  constructor(state: State, acceptance: Acceptance, dissemination: Dissemination) {
    const { pendingMessages, pendingBytes } = state.config
    this.#state = state
    this.#acceptance = acceptance
    this.#dissemination = dissemination
    this.pending = new Pending(state.links, pendingMessages, pendingBytes)
    this.#requests = new BatchRequests(state, dissemination, this.pending)
    this.large = new LargeMessages(state, acceptance, dissemination, this.pending)
    this.#ids = new MessageIds(state.network)
  }

  onBatch({ signed }: BatchMessage, from: PeerId, now: Instant): void {
    const { book, links } = this.#state
    const id = batchIdOf(signed.body, signed.signature)
    const link = links.of(from)
    link.withheldInARow = 0
    link.learnsBatch(id)
    const known = book.get(id)
    if (known !== undefined) {
      this.#owed.broughtBy(id, from)
      return this.#requests.settle(from, known.batch.ids)
    }
    if (link.hasBad(id))
      return this.#state.blame(from, { code: 'pubsub/forged-batch', batch: id }, now)
    const pending = this.pending.batches.get(id)
    if (pending !== undefined) {
      this.#requests.settle(from, pending.batch.ids)
      if (addSource(pending.sources, from)) this.#tellSource(pending, from)
      return
    }
    const decoded = decodeBatch(signed.body)
    if (!decoded.ok) return this.#state.blame(from, decoded.fault, now)
    const batch = decoded.value
    this.#requests.settle(from, batch.ids)
    if (!this.#isTimely(id, batch, from, now)) return
    if (batch.ids.every((message) => this.#state.seen.has(message))) return
    const bytes = signed.body.length + signed.signature.length
    if (!this.pending.hasRoomForBatch(from, batch, bytes)) return this.#refuse(from, now)
    const { token } = this.pending.addBatch(id, signed, batch, from, now)
    this.#state.effects.emit({ type: 'verify', token, signed, author: batch.author, from })
    this.#armTick(now)
  }

  onEager(message: EagerMessage, from: PeerId, now: Instant): void {
    const id = this.#ids.idOf(message, contentOf(message.payload))
    this.#onWhole(id, message, from, now)
  }

  onManifest(manifest: ManifestMessage, from: PeerId, now: Instant): void {
    const { seen, book, assemblies, missing } = this.#state
    const id = this.#ids.idOf(manifest, contentOfManifest(manifest))
    if (missing.given(prefixOf(id), from)) this.#state.kept(from, now)
    if (seen.has(id)) return this.#dissemination.duplicate(id, manifest, from, now)
    const known = assemblies.get(id)
    if (known !== undefined) {
      const waiting = this.pending.messages.get(id)
      if (waiting !== undefined) this.#addDeliverer(waiting, from, now)
      return this.large.again(known, from, now)
    }
    const trusted = book.expecting(id)
    if (trusted === undefined && !this.#makeRoom(from, bytesOf(manifest), now)) return
    const assembly = this.large.open(id, manifest, from, now)
    if (assembly === undefined) {
      return this.#state.blame(from, { code: 'pubsub/too-much-unverified' }, now)
    }
    if (trusted !== undefined) {
      const pushers = missing.isAsked(prefixOf(id), from) ? noPushers : [from]
      this.large.begin(assembly, trusted, from, pushers, now)
    } else if (!this.pending.messages.has(id)) this.#await(id, manifest, from, now)
    this.#armTick(now)
  }

  /** The signature of a batch holds. */
  onVerified(token: number, batch: Verified<Batch>, now: Instant): void {
    const pending = this.pending.byToken(token)
    if (pending === undefined) return
    this.pending.deleteBatch(pending)
    const { lanes, book, seen, effects } = this.#state
    const owner = pending.sources[0]!
    const lane = lanes.open(batch, owner)
    const other = lane.forked ? undefined : contradiction(lane, batch)
    if (other !== undefined) {
      lane.forked = true
      const { author, stream, topic } = batch
      const evidence = [other.message.signed, pending.signed] as const
      effects.emit({ type: 'equivocation', author, stream, topic, evidence })
      this.#state.subscriptions.fork(topic, lane.key, now)
    }
    const message: BatchMessage = { type: 'batch', signed: pending.signed }
    const trusted: TrustedBatch = { id: pending.id, batch, message, lane, owner, held: 0 }
    book.add(trusted, now, (id) => !seen.has(id))
    for (const id of batch.ids) {
      const waiting = this.pending.messages.get(id)
      if (waiting !== undefined) this.#acceptWaiting(waiting, trusted, pending.sources, now)
    }
    const left = batch.ids.filter((id) => !seen.has(id))
    if (left.length === 0) return
    const waitMs = Math.max(this.#state.config.graceMinMs, 2 * this.#requests.roundTripOf(owner))
    this.#owed.add(pending.id, left, pending.sources, waitMs, now)
    this.#armTick(now)
  }

  /** The signature of a batch does not hold, or could not be checked. */
  onUnverified(token: number, cause: 'forged' | 'no-key', now: Instant): void {
    const pending = this.pending.byToken(token)
    if (pending === undefined) return
    this.pending.deleteBatch(pending)
    if (cause === 'forged') {
      for (const source of pending.sources) {
        this.#state.links.peek(source)?.markBad(pending.id)
        this.#state.blame(source, { code: 'pubsub/forged-batch', batch: pending.id }, now)
      }
    }
    for (const id of pending.batch.ids) {
      const waiting = this.pending.messages.get(id)
      if (waiting === undefined) continue
      const kept = waiting.sources.filter((source) => !pending.sources.includes(source))
      waiting.sources.splice(0, waiting.sources.length, ...kept)
      if (this.pending.isListed(id)) continue
      if (waiting.sources.length > 0) this.#requests.askNext(waiting, now)
      else this.#drop(waiting, pending.sources, now)
    }
  }

  /** Retries, gives up and forgets what waits for too long. */
  tick(now: Instant): void {
    const { config } = this.#state
    this.#requests.tick(now)
    for (const waiting of [...this.pending.messages.values()]) this.#look(waiting, now)
    for (const pending of [...this.pending.batches.values()]) {
      if (now - pending.since < config.pendingMs) continue
      // Perhaps checks take long here: what follows is nobody else's fault.
      for (const source of pending.sources) this.#state.links.of(source).refusedAt = now
      this.onUnverified(pending.token, 'no-key', now)
    }
    this.large.tick(now)
    this.#askForOwed(now)
    this.#dissemination.armMissing()
    this.#armTick(now)
  }

  /** The link to a peer is gone: what only it delivered cannot be proven any more. */
  forget(peer: PeerId, now: Instant): void {
    this.#requests.forget(peer)
    this.large.forget(peer, now)
    for (const waiting of [...this.pending.messages.values()]) {
      const index = waiting.sources.indexOf(peer)
      if (index >= 0) waiting.sources.splice(index, 1)
      if (waiting.sources.length === 0) this.#drop(waiting, [peer], now)
    }
  }

  /** Whoever brought a batch has its messages: they are asked for like any that were announced. */
  #askForOwed(now: Instant): void {
    const { seen, assemblies, missing } = this.#state
    const isHere = (id: MessageId): boolean => {
      return seen.has(id) || this.pending.messages.has(id) || assemblies.get(id) !== undefined
    }
    for (const { ids, sources } of this.#owed.due(now, isHere)) {
      for (const id of ids) {
        for (const source of sources) missing.announced(prefixOf(id), source, false, now)
      }
    }
  }

  #onWhole(id: MessageId, message: EagerMessage, from: PeerId, now: Instant): void {
    if (this.#state.missing.given(prefixOf(id), from)) this.#state.kept(from, now)
    const { seen, book, missing } = this.#state
    if (seen.has(id)) return this.#dissemination.duplicate(id, message, from, now)
    const waiting = this.pending.messages.get(id)
    if (waiting !== undefined) return this.#addDeliverer(waiting, from, now)
    const trusted = book.expecting(id)
    if (trusted !== undefined) {
      const pushers = missing.isAsked(prefixOf(id), from) ? noPushers : [from]
      this.#acceptance.accept(id, message, trusted, from, pushers, now)
      return
    }
    if (!this.#makeRoom(from, message.payload.length, now)) {
      // It may be real although this link floods: somebody else has it then.
      const isUnknown = !missing.has(prefixOf(id))
      if (isUnknown && this.#state.links.of(from).mayBeRescued(now)) {
        this.#dissemination.pullFromOther(id, message.author, [from], now)
      }
      return
    }
    this.#await(id, message, from, now)
    this.#armTick(now)
  }

  /** Keeps a message until its batch is verified. */
  #await(id: MessageId, message: EagerMessage | ManifestMessage, from: PeerId, now: Instant): void {
    const added = this.pending.addMessage(id, message, from, now)
    if (!this.pending.isListed(id)) this.#requests.askNext(added, now)
  }

  /** The message counts as brought by whoever was asked for it, or else by the first who brought its batch, too. */
  #acceptWaiting(
    waiting: PendingMessage,
    trusted: TrustedBatch,
    batchSources: readonly PeerId[],
    now: Instant,
  ): void {
    const { missing } = this.#state
    this.pending.deleteMessage(waiting)
    const { sources } = waiting
    const prefix = prefixOf(waiting.id)
    const via =
      sources.find((source) => missing.isAsked(prefix, source)) ??
      sources.find((source) => batchSources.includes(source)) ??
      sources[0] ??
      waiting.owner
    const pushers = sources.filter((source) => !missing.isAsked(prefix, source))
    const { id, message } = waiting
    if (message.type === 'eager') {
      this.#acceptance.accept(id, message, trusted, via, pushers, now)
      return
    }
    const assembly = this.#state.assemblies.get(id)
    if (assembly !== undefined) this.large.begin(assembly, trusted, via, pushers, now)
  }

  #addDeliverer(waiting: PendingMessage, from: PeerId, now: Instant): void {
    if (!addSource(waiting.sources, from) || this.pending.isListed(waiting.id)) return
    // The first one owes the batch and is late already: this one is asked for it, too.
    if (now >= this.#requests.hedgeAt(waiting)) this.#requests.askNext(waiting, now)
  }

  /** One message without a verified batch: asks on, gives up in the end. */
  #look(waiting: PendingMessage, now: Instant): void {
    const tried =
      now - waiting.since >= this.#state.config.pendingMs
        ? waiting.sources
        : this.#requests.look(waiting, now)
    if (tried !== undefined) this.#drop(waiting, tried, now)
  }

  /** Gives up a message that cannot be proven; others may still have it. */
  #drop(waiting: PendingMessage, tried: readonly PeerId[], now: Instant): void {
    this.pending.deleteMessage(waiting)
    const assembly = this.#state.assemblies.get(waiting.id)
    if (assembly !== undefined) this.large.end(assembly)
    this.#dissemination.pullFromOther(waiting.id, waiting.message.author, tried, now)
  }

  #isTimely(id: PendingBatch['id'], batch: Batch, from: PeerId, now: Instant): boolean {
    const { clock, config, missing, network } = this.#state
    const wall = clock.wall(now)
    if (batch.network !== network) {
      this.#state.blame(from, { code: 'pubsub/wrong-network', batch: id }, now)
      return false
    }
    if (batch.hlc > wall + config.futureMs) {
      this.#state.blame(from, { code: 'pubsub/from-the-future', batch: id }, now)
      return false
    }
    const asked = batch.ids.some((message) => missing.isLate(prefixOf(message), from))
    if (batch.hlc >= wall - (asked ? config.retentionMs : config.replayWindowMs)) return true
    const isReplay =
      batch.hlc < wall - config.replayWindowMs - config.futureMs &&
      this.#state.isClockShared(from, now)
    const code = isReplay && !asked ? 'pubsub/replayed' : 'pubsub/stale'
    this.#state.blame(from, { code, batch: id }, now)
    return false
  }

  #makeRoom(from: PeerId, bytes: number, now: Instant): boolean {
    if (this.pending.hasRoom(from, bytes)) return true
    this.#refuse(from, now)
    return false
  }

  #refuse(from: PeerId, now: Instant): void {
    this.#state.links.of(from).refusedAt = now
    this.#state.blame(from, { code: 'pubsub/too-much-unverified' }, now)
  }

  #tellSource({ token }: PendingBatch, from: PeerId): void {
    this.#state.effects.emit({ type: 'source', token, from })
  }

  #armTick(now: Instant): void {
    const { messages, batches } = this.pending
    const debtAt = this.#requests.next
    const owedAt = this.#owed.next
    const idle = messages.size + batches.size + this.large.size === 0
    if (idle && debtAt === undefined && owedAt === undefined) return
    let next = debtAt ?? owedAt ?? after(now, idleTickMs)
    if (owedAt !== undefined && owedAt < next) next = owedAt
    if (!idle && next > now + idleTickMs) next = after(now, idleTickMs)
    for (const waiting of messages.values()) {
      const at = this.#requests.lookAt(waiting)
      if (at < next) next = at
    }
    this.#state.effects.armBy('pending', next > now ? next : after(now, 1))
  }
}

const noPushers: readonly PeerId[] = []

/** How often unverified work is looked at when nothing is due earlier. Source: our choice. */
const idleTickMs = 100
