import { after, type Instant, sample, TokenBucket } from '@kithnet/kernel'
import type { MessageId, PeerId } from '@kithnet/types'
import { maxAckRanges } from './config.ts'
import type { Orphan } from './eager-links.ts'
import { type IdPrefix, prefixOf } from './id-prefix.ts'
import type { LinkState } from './links.ts'
import { type CachedMessage, partsOf } from './message-cache.ts'
import { maxAckCount } from './message-codec.ts'
import type { Position, PrefixesMessage } from './messages.ts'
import { addSource } from './pending.ts'
import type { State } from './state.ts'

/**
 * Plumtree: pushes verified messages on eager links, announces them on the others, pulls what was announced and
 * did not come, and mends or thins the trees by what it sees.
 */
export class Dissemination {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  /** Sends a verified message on. `pushers` brought copies and need none. */
  spread(cached: CachedMessage, pushers: readonly PeerId[], pulled: boolean, now: Instant): void {
    const { author } = cached.message
    if (this.#isOld(cached, now)) return
    if (!cached.late) this.join(author, cached.via, pulled, pushers.length > 0, now)
    for (const link of this.#state.links.neighbours) {
      const { peer } = link
      // Who wrote it has it, and would take the copy for a sign that it need not push.
      if (peer === cached.via || peer === author || pushers.includes(peer)) continue
      // What was pulled is no news to the parent, which would take the copy for a sign that it need not push.
      const isParent = this.#state.eager.parentOf(author) === peer
      if (!cached.late && !isParent && this.isPushedTo(link, author)) this.#push(link, cached)
      else this.#announceLater(link, cached.id, now)
    }
    for (const pusher of pushers) {
      if (pusher === cached.via) continue
      if (pusher !== author || !this.#preferSource(author, now)) this.prune(author, pusher, now)
    }
  }

  /** Tells of a message that has gone on in pieces to everybody who did not get them. */
  announce(cached: CachedMessage, holders: readonly PeerId[], now: Instant): void {
    if (this.#isOld(cached, now)) return
    for (const link of this.#state.links.neighbours) {
      if (!holders.includes(link.peer)) this.#announceLater(link, cached.id, now)
    }
  }

  /** `via` is this node's place in the source's tree, unless it had to be asked too often. */
  join(source: PeerId, via: PeerId, pulled: boolean, wasPushed: boolean, now: Instant): void {
    const { eager, effects } = this.#state
    if (!this.#state.isPushedTo(via)) {
      // It was first, and nothing may depend on it.
      if (!pulled) this.prune(source, via, now)
      return
    }
    // What is late here is late on every link: no other parent would be better.
    const isBehind = this.#state.isBehind(now)
    if (pulled && !wasPushed && isBehind) return
    const parent = eager.parentOf(source)
    if (pulled && !wasPushed && parent !== undefined && parent !== via) this.#state.suspect(parent)
    const how = !pulled ? 'pushed' : wasPushed ? 'failedPush' : 'pulled'
    const graft = eager.delivered(source, via, how, now, isBehind)
    if (graft === 'all') this.#graftAll(source)
    else if (graft === 'prune') this.prune(source, via, now)
    else if (graft === 'via' && this.#state.isPushedTo(via)) {
      effects.send(via, { type: 'graft', source })
    }
  }

  /** Asking one for a source's messages was in vain: all are asked, and pruned again by what they bring. */
  #graftAll(source: PeerId): void {
    const { eager, links, effects } = this.#state
    for (const { peer } of links.neighbours) {
      if (!this.#state.isPushedTo(peer)) continue
      eager.grafted(source, peer)
      effects.send(peer, { type: 'graft', source })
    }
  }

  /** Sends this node's own message to every neighbour that takes pushes; answers with how many. */
  sendOwn(cached: CachedMessage, now: Instant): number {
    const { eager, links, self } = this.#state
    const ready = links.neighbours.filter((link) => !link.congested)
    if (ready.length > 0 && !ready.some((link) => this.isPushedTo(link, self))) eager.reset(self)
    eager.delivered(self, self, 'pushed', now)
    const eagerLinks = links.neighbours.filter((link) => this.isPushedTo(link, self))
    for (const link of links.neighbours) {
      if (!eagerLinks.includes(link)) this.#announceLater(link, cached.id, now)
    }
    this.#pushOn(eagerLinks, cached)
    return eagerLinks.length
  }

  /** A copy of what is accepted here came, and nobody asked for it. */
  duplicate(id: MessageId, position: Position, from: PeerId, now: Instant): void {
    const { links, missing } = this.#state
    if (position.author === from) this.acknowledge(position, now)
    const prefix = prefixOf(id)
    links.peek(from)?.announce.delete(prefix)
    this.#state.scores.heard(from)
    const speaker = links.peek(from)
    if (speaker !== undefined) this.#state.spoke(speaker)
    if (missing.isAsked(prefix, from)) return
    const isClose = position.author === from && this.#isCloseBehind(id, from, now)
    if (isClose && this.#preferSource(from, now)) return
    this.prune(position.author, from, now)
  }

  /** Makes the source the parent in the place of another, which is told to stop. False when it is none. */
  #preferSource(source: PeerId, now: Instant): boolean {
    if (!this.#state.isPushedTo(source)) return false
    const before = this.#state.eager.preferSource(source, now)
    if (before !== undefined) this.prune(source, before, now)
    return before !== undefined
  }

  /** True when the first copy came so shortly before that waiting for this one would have cost next to nothing. */
  #isCloseBehind(id: MessageId, from: PeerId, now: Instant): boolean {
    const first = this.#state.cache.get(id)
    const link = this.#state.links.peek(from)
    if (first === undefined || link === undefined) return false
    return now - first.at <= closeShare * (link.roundTrip.smoothedMs ?? 0)
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

  onIhave(prefixes: readonly IdPrefix[], from: PeerId, now: Instant): void {
    const { seen, missing, links, config, eager, assemblies } = this.#state
    const link = links.of(from)
    // Announcements wait before they are sent: in a tree of its own, what is pushed has come before. How much later
    // it comes here, if it does, is learned.
    const waitMs = eager.isShared ? links.highMs * config.sharedGraceRoundTrips : 0
    const usualMs = Math.max(waitMs, missing.lateness.highMs)
    // Who is behind with its own work cannot tell what is lost from what it has not read yet.
    const graceMs = this.#state.isBehind(now) ? config.graceMaxMs : usualMs
    const at = after(now, Math.min(config.graceMaxMs, Math.max(config.graceMinMs, graceMs)))
    let refused = false
    let news = false
    for (const prefix of prefixes) {
      const assembly = assemblies.byPrefix(prefix)
      if (seen.hasPrefix(prefix)) {
        this.#state.spoke(link)
        link.announce.delete(prefix)
      } else if (assembly !== undefined) addSource(assembly.sources, from)
      else if (missing.announced(prefix, from, false, at, now)) news = true
      else refused = true
    }
    if (!news) missing.lateness.sample(0)
    if (refused) this.#state.blame(from, { code: 'pubsub/too-many-announced' }, now)
    this.armMissing()
  }

  onIwant(prefixes: readonly IdPrefix[], from: PeerId, now: Instant): void {
    const { cache, links, effects, config } = this.#state
    const link = links.of(from)
    link.served ??= new TokenBucket(config.servedBytesPerSecond, config.servedBurstBytes, now)
    const gone: IdPrefix[] = []
    for (const prefix of prefixes) {
      const cached = cache.byPrefix(prefix)
      if (cached === undefined) gone.push(prefix)
      else if (!link.mayServe(prefix, now)) {
        this.#state.blame(from, { code: 'pubsub/asked-too-often' }, now)
      } else if (link.served.take(cached.bytes, now)) this.#push(link, cached)
    }
    if (gone.length > 0) effects.send(from, { type: 'gone', prefixes: gone })
  }

  onGone(prefixes: readonly IdPrefix[], from: PeerId, now: Instant): void {
    this.#state.scores.heard(from)
    for (const prefix of prefixes) this.#state.missing.gone(prefix, from, now)
    this.armMissing()
  }

  onWantBatches(ids: readonly MessageId[], from: PeerId): void {
    const { cache, book, effects, links } = this.#state
    const gone: IdPrefix[] = []
    const sent = new Set<string>()
    for (const id of ids) {
      const trusted = cache.get(id)?.batch ?? book.expecting(id)
      if (trusted === undefined) gone.push(prefixOf(id))
      else if (!sent.has(trusted.id)) {
        sent.add(trusted.id)
        links.of(from).learnsBatch(trusted.id)
        effects.send(from, trusted.message)
      }
    }
    if (gone.length > 0) effects.send(from, { type: 'gone', prefixes: gone })
  }

  /** Asks for what is due, and passes over those who did not answer. */
  pull(now: Instant): void {
    const { missing, effects } = this.#state
    const { asks, unanswered, starves } = missing.due(now, this.#state.isBehind(now))
    if (starves) this.#state.starve(now)
    for (const { peer, id } of unanswered) {
      this.#state.broke(peer, { code: 'pubsub/unanswered', message: id }, now)
    }
    for (const [peer, prefixes] of asks) effects.send(peer, { type: 'iwant', prefixes })
    this.armMissing()
  }

  /**
   * Asks somebody else at once for a message that was pushed and could not be used: who announced it, the author
   * if it is a neighbour, or some neighbours one after the other, because what was pushed to one is pushed to others.
   */
  pullFromOther(id: MessageId, author: PeerId, tried: readonly PeerId[], now: Instant): void {
    const { links, missing, rng } = this.#state
    const others = links.neighbours.filter((link) => !tried.includes(link.peer))
    const prefix = prefixOf(id)
    const source = others.find(({ peer }) => peer === author)
    if (source !== undefined) missing.preferred(prefix, author, true, now)
    else {
      for (const { peer } of sample(rng, others, Math.min(rescuers, others.length))) {
        missing.announced(prefix, peer, false, now)
      }
    }
    missing.hurry(prefix, now)
    this.armMissing()
  }

  /**
   * A link is no neighbour's any more. Sources whose messages came on it are asked for on all others, which push again
   * until they are pruned, or on the one that was second, while the peer lives. What was announced here meanwhile is
   * not waited for, and what went to a peer that is gone is pushed on all others, announcements included.
   */
  mend(peer: PeerId, lives: boolean, now: Instant): void {
    const { orphaned, severed } = this.#state.eager.lost(peer, lives, now)
    const others = this.#othersThan(peer)
    this.#adopt(orphaned, others, now)
    if (severed.length > 0) for (const link of others) this.#pushAnnounced(link, severed)
  }

  /** The neighbour passes nothing on: sources whose messages came on it are asked for elsewhere. */
  bypass(peer: PeerId, now: Instant): void {
    const others = this.#othersThan(peer).filter(({ isMute }) => !isMute)
    if (others.length > 0) this.#adopt(this.#state.eager.silenced(peer), others, now)
  }

  #othersThan(peer: PeerId): readonly LinkState[] {
    return this.#state.links.neighbours.filter((link) => {
      return link.peer !== peer && this.#state.isPushedTo(link.peer)
    })
  }

  /** Asks for sources that have lost their parents: the one that was second, or all. */
  #adopt(orphaned: readonly Orphan[], others: readonly LinkState[], now: Instant): void {
    const { eager, effects, missing } = this.#state
    for (const { source, second } of orphaned) {
      const next = others.find((link) => link.peer === second && !link.isMute)
      for (const link of next === undefined ? others : [next]) {
        eager.grafted(source, link.peer)
        effects.send(link.peer, { type: 'graft', source })
      }
    }
    if (orphaned.length > 0) missing.hurryAll(now)
    this.armMissing()
  }

  /** The peer wants the source's messages pushed: also those that were about to be announced to it. */
  onGraft(source: PeerId, from: PeerId): void {
    const { eager, links } = this.#state
    eager.requested(source, from)
    this.#pushAnnounced(links.of(from), [source])
  }

  armMissing(): void {
    const { next } = this.#state.missing
    if (next !== undefined) this.#state.effects.armBy('missing', next)
  }

  /** True for a link that takes pushes of the source. */
  isPushedTo(link: LinkState, source: PeerId): boolean {
    if (link.congested || !this.#state.eager.isEager(source, link.peer)) return false
    return this.#state.isPushedTo(link.peer)
  }

  #push(link: LinkState, cached: CachedMessage): void {
    this.#pushOn([link], cached)
  }

  /** Piece by piece to all links, so that each can go on with what it has. */
  #pushOn(links: readonly LinkState[], cached: CachedMessage): void {
    const { effects } = this.#state
    for (const link of links) {
      link.announce.delete(prefixOf(cached.id))
      if (link.learnsBatch(cached.batch.id)) effects.send(link.peer, cached.batch.message)
    }
    for (const part of partsOf(cached)) {
      for (const link of links) effects.send(link.peer, part)
    }
  }

  /** Too old to be told of: it came through history. */
  #isOld({ late, batch }: CachedMessage, now: Instant): boolean {
    const { clock, config } = this.#state
    return late && batch.batch.hlc < clock.wall(now) - config.replayWindowMs
  }

  #pushAnnounced(link: LinkState, sources: readonly PeerId[]): void {
    if (link.congested) return
    for (const prefix of [...link.announce]) {
      const cached = this.#state.cache.byPrefix(prefix)
      if (cached !== undefined && sources.includes(cached.message.author)) this.#push(link, cached)
    }
  }

  /** Asks a link not to push the source's messages, unless it was asked just now. */
  prune(source: PeerId, peer: PeerId, now: Instant): void {
    const { eager, effects, links } = this.#state
    const repeatMs = 2 * (links.peek(peer)?.roundTrip.timeoutMs ?? 0)
    if (eager.prune(source, peer, repeatMs, now)) effects.send(peer, { type: 'prune', source })
  }

  #announceLater(link: LinkState, id: MessageId, now: Instant): void {
    const { effects, config, rng } = this.#state
    if (link.announce.size >= maxWaitingAnnouncements) return
    link.announce.add(prefixOf(id))
    if (!link.congested && link.announce.size >= config.announceCount)
      this.#flushAnnouncementsOf(link)
    else if (!effects.isArmed('announce')) {
      // Those who got the same message draw different pauses, so that of two only one tells the other.
      const pauseMs = config.announceMs * (0.5 + rng.unit() / 2)
      effects.armBy('announce', after(now, pauseMs))
    }
  }

  #flushAnnouncementsOf(link: LinkState): void {
    if (link.congested || link.announce.size === 0) return
    const { effects, config } = this.#state
    const all = [...link.announce]
    link.announce.clear()
    for (let at = 0; at < all.length; at += config.announceCount) {
      const prefixes = all.slice(at, at + config.announceCount)
      const message: PrefixesMessage = { type: 'ihave', prefixes }
      effects.send(link.peer, message)
    }
  }
}

/** Share of a round trip that a source's own copy may come behind another. Source: our choice; half of one way. */
const closeShare = 0.25

/** Neighbours that are asked, one after the other, for what could not be used. Source: the trust rules' alternatives. */
const rescuers = 3

/** Announcements that wait for a congested link. Source: our choice; comparing histories repairs the rest. */
const maxWaitingAnnouncements = 8_192
