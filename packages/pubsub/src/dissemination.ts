import { after, ExpiringMap, type Instant, pick, TokenBucket } from '@kithnet/kernel'
import type { MessageId, PeerId } from '@kithnet/types'
import { maxAckRanges } from './config.ts'
import type { LinkState } from './links.ts'
import { type CachedMessage, partsOf } from './message-cache.ts'
import { maxAckCount } from './message-codec.ts'
import type { IdsMessage, Position } from './messages.ts'
import type { State } from './state.ts'

/**
 * Plumtree: pushes verified messages on eager links, announces them on the others, pulls what was announced and
 * did not come, and mends or thins the trees by what it sees.
 */
export class Dissemination {
  readonly #state: State
  /** Peers that were blamed lately for not answering. */
  readonly #silences = new ExpiringMap<PeerId, true>(maxSilences, silenceMs)

  constructor(state: State) {
    this.#state = state
  }

  /** Sends a verified message on. `pushers` brought copies and need none. */
  spread(cached: CachedMessage, pushers: readonly PeerId[], pulled: boolean, now: Instant): void {
    const { eager, effects, config, clock } = this.#state
    const { author } = cached.message
    if (cached.late && cached.batch.batch.hlc < clock.wall(now) - config.replayWindowMs) return
    if (!cached.late) {
      const how = !pulled ? 'pushed' : pushers.length > 0 ? 'failedPush' : 'pulled'
      const { graft } = eager.delivered(author, cached.via, how, now)
      if (graft) effects.send(cached.via, { type: 'graft', source: author })
    }
    for (const link of this.#state.links.neighbours) {
      const { peer } = link
      if (peer === cached.via || pushers.includes(peer)) continue
      if (!cached.late && !link.congested && eager.isEager(author, peer)) this.#push(link, cached)
      else this.#announceLater(link, cached.id, now)
    }
    for (const pusher of pushers) {
      if (pusher !== cached.via) this.#prune(author, pusher, now)
    }
  }

  /** Sends this node's own message to every neighbour that takes pushes; answers with how many. */
  sendOwn(cached: CachedMessage, now: Instant): number {
    const { eager, links, self } = this.#state
    const ready = links.neighbours.filter((link) => !link.congested)
    if (ready.length > 0 && !ready.some((link) => eager.isEager(self, link.peer))) eager.reset(self)
    eager.delivered(self, self, 'pushed', now)
    let sent = 0
    for (const link of links.neighbours) {
      if (link.congested || !eager.isEager(self, link.peer)) {
        this.#announceLater(link, cached.id, now)
        continue
      }
      this.#push(link, cached)
      sent++
    }
    return sent
  }

  /** A copy of what is accepted here came, and nobody asked for it. */
  duplicate(id: MessageId, position: Position, from: PeerId, now: Instant): void {
    const { links, missing } = this.#state
    if (position.author === from) this.acknowledge(position, now)
    links.peek(from)?.announce.delete(id)
    if (missing.isAsked(id, from)) return
    this.#prune(position.author, from, now)
  }

  /** Tells an author that its message was accepted here. */
  acknowledge({ author, topic, stream, seq }: Position, now: Instant): void {
    const { links, effects, config } = this.#state
    const { acks } = links.of(author)
    const last = acks.at(-1)
    if (
      last !== undefined &&
      last.topic === topic &&
      last.stream === stream &&
      last.first + last.count === seq &&
      last.count < maxAckCount
    ) {
      acks[acks.length - 1] = { ...last, count: last.count + 1 }
    } else if (acks.length < maxAckRanges) {
      acks.push({ topic, stream, first: seq, count: 1 })
    }
    effects.armBy('ack', after(now, config.ackMs))
  }

  flushAcks(): void {
    for (const link of this.#state.links.all) {
      if (link.acks.length === 0) continue
      this.#state.effects.send(link.peer, { type: 'ack', ranges: link.acks.splice(0) })
    }
  }

  flushAnnouncements(): void {
    for (const link of this.#state.links.neighbours) this.#flushAnnouncementsOf(link)
  }

  onIhave(ids: readonly MessageId[], from: PeerId, now: Instant): void {
    const { seen, missing, links, config, eager } = this.#state
    const link = links.of(from)
    const roundTrips = eager.isShared ? config.sharedGraceRoundTrips : config.graceRoundTrips
    const graceMs = links.highMs * roundTrips
    const at = after(now, Math.min(config.graceMaxMs, Math.max(config.graceMinMs, graceMs)))
    let refused = false
    for (const id of ids) {
      if (seen.has(id)) link.announce.delete(id)
      else if (!missing.announced(id, from, false, at)) refused = true
    }
    if (refused) this.#state.blame(from, { code: 'pubsub/too-many-announced' }, now)
    this.armMissing()
  }

  onIwant(ids: readonly MessageId[], from: PeerId, now: Instant): void {
    const { cache, links, effects, config } = this.#state
    const link = links.of(from)
    link.served ??= new TokenBucket(config.servedBytesPerSecond, config.servedBurstBytes, now)
    const gone: MessageId[] = []
    for (const id of ids) {
      const cached = cache.get(id)
      if (cached === undefined) gone.push(id)
      else if (link.served.take(cached.bytes, now)) this.#push(link, cached)
    }
    if (gone.length > 0) effects.send(from, { type: 'gone', ids: gone })
  }

  onGone(ids: readonly MessageId[], from: PeerId, now: Instant): void {
    for (const id of ids) this.#state.missing.gone(id, from, now)
    this.armMissing()
  }

  onWantBatches(ids: readonly MessageId[], from: PeerId): void {
    const { cache, book, effects, links } = this.#state
    const gone: MessageId[] = []
    const sent = new Set<string>()
    for (const id of ids) {
      const trusted = cache.get(id)?.batch ?? book.expecting(id)
      if (trusted === undefined) gone.push(id)
      else if (!sent.has(trusted.id)) {
        sent.add(trusted.id)
        links.of(from).learnsBatch(trusted.id)
        effects.send(from, trusted.message)
      }
    }
    if (gone.length > 0) effects.send(from, { type: 'gone', ids: gone })
  }

  /** Asks for what is due, and passes over those who did not answer. */
  pull(now: Instant): void {
    const { missing, effects } = this.#state
    const { asks, unanswered } = missing.due(now)
    for (const { peer, id } of unanswered) {
      // A peer or a host that is overloaded misses many at once: silence is counted by time and not by message.
      if (this.#silences.has(peer, now)) continue
      this.#silences.set(peer, true, now)
      this.#state.blame(peer, { code: 'pubsub/unanswered', message: id }, now)
    }
    for (const [peer, ids] of asks) effects.send(peer, { type: 'iwant', ids })
    this.armMissing()
  }

  /**
   * Asks somebody else at once for a message that was pushed and could not be used: who announced it, the author
   * if it is a neighbour, or any neighbour, because what was pushed to one is pushed to others.
   */
  pullFromOther(id: MessageId, author: PeerId, tried: readonly PeerId[], now: Instant): void {
    const { links, missing, rng } = this.#state
    const others = links.neighbours.filter((link) => !tried.includes(link.peer))
    const link = others.find(({ peer }) => peer === author) ?? pick(rng, others)
    if (link !== undefined) missing.preferred(id, link.peer, link.peer === author, now)
    missing.hurry(id, now)
    this.armMissing()
  }

  /**
   * A link is lost. Sources whose messages came on it are asked for on all others, which push again until they are
   * pruned; those whose messages went on it are pushed on all others, what was about to be announced included. And
   * what was announced here meanwhile is not waited for.
   */
  mend(peer: PeerId, now: Instant): void {
    const { eager, links, effects, missing } = this.#state
    const { orphaned, severed } = eager.lost(peer, now)
    for (const link of links.neighbours) {
      if (link.peer === peer) continue
      for (const source of orphaned) {
        eager.grafted(source, link.peer)
        effects.send(link.peer, { type: 'graft', source })
      }
      if (severed.length > 0) this.#pushAnnounced(link, severed)
    }
    if (orphaned.length > 0) missing.hurryAll(now)
    this.armMissing()
  }

  /** The peer wants the source's messages pushed: also those that were about to be announced to it. */
  onGraft(source: PeerId, from: PeerId): void {
    const { eager, links } = this.#state
    eager.grafted(source, from)
    this.#pushAnnounced(links.of(from), [source])
  }

  armMissing(): void {
    const { next } = this.#state.missing
    if (next !== undefined) this.#state.effects.armBy('missing', next)
  }

  #push(link: LinkState, cached: CachedMessage): void {
    const { effects } = this.#state
    link.announce.delete(cached.id)
    if (link.learnsBatch(cached.batch.id)) effects.send(link.peer, cached.batch.message)
    for (const part of partsOf(cached)) effects.send(link.peer, part)
  }

  #pushAnnounced(link: LinkState, sources: readonly PeerId[]): void {
    if (link.congested) return
    for (const id of [...link.announce]) {
      const cached = this.#state.cache.get(id)
      if (cached !== undefined && sources.includes(cached.message.author)) this.#push(link, cached)
    }
  }

  #prune(source: PeerId, peer: PeerId, now: Instant): void {
    const { eager, effects, links } = this.#state
    const repeatMs = 2 * (links.peek(peer)?.roundTrip.timeoutMs ?? 0)
    if (eager.prune(source, peer, repeatMs, now)) effects.send(peer, { type: 'prune', source })
  }

  #announceLater(link: LinkState, id: MessageId, now: Instant): void {
    const { effects, config } = this.#state
    if (link.announce.size >= maxWaitingAnnouncements) return
    link.announce.add(id)
    if (!link.congested && link.announce.size >= config.announceCount)
      this.#flushAnnouncementsOf(link)
    else effects.armBy('announce', after(now, config.announceMs))
  }

  #flushAnnouncementsOf(link: LinkState): void {
    if (link.congested || link.announce.size === 0) return
    const { effects, config } = this.#state
    const all = [...link.announce]
    link.announce.clear()
    for (let at = 0; at < all.length; at += config.announceCount) {
      const message: IdsMessage = { type: 'ihave', ids: all.slice(at, at + config.announceCount) }
      effects.send(link.peer, message)
    }
  }
}

/** Announcements that wait for a congested link. Source: our choice; comparing histories repairs the rest. */
const maxWaitingAnnouncements = 8_192

/** A peer that does not answer is blamed once in this time. Source: our choice; a hundred seconds of it cut a link. */
const silenceMs = 1_000
/** Source: our choice; far above the links of a node. */
const maxSilences = 1_024
