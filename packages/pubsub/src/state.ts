import { after, ExpiringMap, type Fault, type Instant, type Rng } from '@kithnet/kernel'
import type { NetworkId, PeerId, StreamId } from '@kithnet/types'
import { Assemblies } from './assemblies.ts'
import { BatchBook } from './batch-book.ts'
import type { PubsubConfig } from './config.ts'
import { EagerLinks } from './eager-links.ts'
import { EffectList } from './effect-list.ts'
import type { PeerFault } from './faults.ts'
import { HybridClock } from './hybrid-clock.ts'
import { Lanes } from './lanes.ts'
import { LinkScores, type Price, type Standing } from './link-scores.ts'
import { Links, type LinkState } from './links.ts'
import { MessageCache } from './message-cache.ts'
import { Missing } from './missing.ts'
import type { PubsubOptions } from './options.ts'
import { Seen } from './seen.ts'
import { Subscriptions } from './subscriptions.ts'

/** Declared bytes of messages in pieces, in all and on account of one link. Source: our choice. */
const assemblyBytes = 33_554_432
const assemblyBytesPerLink = 8_388_608

/** What the parts of one `Pubsub` share. */
export class State {
  readonly config: PubsubConfig
  readonly network: NetworkId
  readonly self: PeerId
  readonly stream: StreamId
  readonly rng: Rng
  readonly effects: EffectList = new EffectList()
  readonly clock: HybridClock
  readonly links: Links
  readonly seen: Seen
  readonly lanes: Lanes
  readonly book: BatchBook
  readonly cache: MessageCache
  readonly missing: Missing
  readonly assemblies: Assemblies = new Assemblies(assemblyBytes, assemblyBytesPerLink)
  readonly eager: EagerLinks
  readonly scores: LinkScores = new LinkScores()
  readonly subscriptions: Subscriptions
  /** Where those stand that do not stand well. */
  readonly #standings = new Map<PeerId, Standing>()
  /** Faults of load that were told lately, by peer and code: each is told once a second. */
  readonly #told = new ExpiringMap<string, true>(maxTold, toldMs)
  #relegated: PeerId[] = []
  #behindAt: Instant | undefined
  #starvedAt: Instant | undefined
  #newsAt: Instant | undefined
  #pauseMs = 0
  #suspects: PeerId[] = []
  #useless: PeerId[] = []

  constructor(options: PubsubOptions) {
    const { config } = options
    this.config = config
    this.network = options.network
    this.self = options.self
    this.stream = options.stream
    this.rng = options.rng
    this.clock = new HybridClock(options.epochAtZero)
    this.subscriptions = new Subscriptions({
      self: options.self,
      stream: options.stream,
      retentionMs: config.retentionMs,
      wall: (now) => this.clock.wall(now),
      emit: (output) => this.effects.emit(output),
      armBy: (at) => this.effects.armBy('order', at),
    })
    this.links = new Links(config.initialRoundTripMs)
    this.seen = new Seen(config.seenPerLink, options.rng.fork('seen').u32())
    this.lanes = new Lanes(config.lanesPerLink, config.sequenceRuns)
    this.book = new BatchBook(config.idleBatchesPerLink)
    this.eager = new EagerLinks(config.sources, config.sourceIdleMs, config.graftAfter)
    this.missing = new Missing(this.links, config.missingPerLink, config.wantsPerLink, (link) =>
      this.scores.rank(link.peer, link.roundTrip.smoothedMs ?? config.initialRoundTripMs),
    )
    this.cache = new MessageCache(config.cacheBytes, {
      authorHeld: (author, held) =>
        this.effects.emit({ type: held ? 'holds' : 'releases', author }),
      dropped: (cached) => this.book.letGo(cached.batch),
      crowdedOut: ({ id, batch }) => this.seen.uncompare(id, batch.batch.hlc),
    })
  }

  /** A peer is answerable for something: its score pays. */
  blame(peer: PeerId, fault: PeerFault, now: Instant): void {
    this.charge(peer, fault, now)
  }

  /** The same at another price than the usual one, for instance for a fault of another part of the node. */
  charge(peer: PeerId, fault: Fault, now: Instant, price?: Price): void {
    const term = this.scores.charge(peer, fault, now, price)
    this.#tell(peer, fault, term === 'invalid', now)
    this.judge(peer, now, fault)
  }

  /** The peer was asked for what it had announced or owed, and has not given it in time. */
  broke(peer: PeerId, fault: PeerFault, now: Instant): void {
    this.scores.broke(peer, now)
    this.#tell(peer, fault, false, now)
    this.judge(peer, now, fault)
  }

  /** A message has come as it was published. */
  news(now: Instant): void {
    if (this.#newsAt !== undefined) this.#pauseMs += (now - this.#newsAt - this.#pauseMs) / 8
    this.#newsAt = now
    const { silentAt } = this
    if (silentAt !== undefined) this.effects.armBy('silence', silentAt)
  }

  /** A piece of a message has come: whoever passes it on is busy, and nobody is silent. */
  progress(now: Instant): void {
    if (this.#newsAt !== undefined) this.#newsAt = now
  }

  /** From when on it is odd that nothing comes. */
  get silentAt(): Instant | undefined {
    if (this.#newsAt === undefined) return undefined
    return after(this.#newsAt, Math.max(silentMs, silentPauses * this.#pauseMs))
  }

  /** The peer has given what it was asked for. */
  kept(peer: PeerId, now: Instant): void {
    this.scores.kept(peer, now)
    const link = this.links.peek(peer)
    if (link !== undefined && link.unkept > 0) link.unkept--
  }

  /**
   * They announced a message, which is real, and did not give it. A lost frame explains one such case; several who
   * are silent about one message, or one who is silent about several, pass on what they please.
   */
  gaveNothing(peers: readonly PeerId[], now: Instant): void {
    if (this.isBehind(now)) return
    for (const peer of peers) {
      const link = this.links.peek(peer)
      if (link?.neighbour !== true) continue
      link.unkept++
      if (link.unkept >= unkeptPromises || peers.length >= unkeptPromises) this.#useless.push(peer)
    }
  }

  /** Neighbours that are to be exchanged because they keep back what they announce. */
  takeUseless(): readonly PeerId[] {
    if (this.#useless.length === 0) return nobody
    const taken = this.#useless
    this.#useless = []
    return taken
  }

  /** What should have come on the link had to be asked for elsewhere. */
  suspect(peer: PeerId): void {
    this.#suspects.push(peer)
  }

  takeSuspects(): readonly PeerId[] {
    if (this.#suspects.length === 0) return nobody
    const taken = this.#suspects
    this.#suspects = []
    return taken
  }

  /** The neighbours give nothing: peers beyond them are wanted, for once. */
  starve(now: Instant): void {
    if (this.#starvedAt !== undefined && now - this.#starvedAt < starvedMs) return
    this.#starvedAt = now
    this.effects.emit({ type: 'starved' })
  }

  /** A timer has fired, late by so much: a node that is behind sees everybody late. */
  woke(lateMs: number, now: Instant): void {
    if (lateMs >= behindMs) this.#behindAt = now
  }

  /** True when this node was behind with its own work lately. */
  isBehind(now: Instant): boolean {
    return this.#behindAt !== undefined && now - this.#behindAt < behindForMs
  }

  /** Finds where a peer stands now, and says so when that has changed. Time alone makes nothing worse. */
  judge(peer: PeerId, now: Instant, fault?: Fault): void {
    const before = this.#standings.get(peer) ?? 'good'
    if (before === 'shed') return
    const standing = this.scores.standing(peer, now)
    if (standing === before) return
    if (standing === 'good') this.#standings.delete(peer)
    else this.#standings.set(peer, standing)
    const until = this.scores.graylistedUntil(peer)
    this.effects.emit({ type: 'standing', peer, standing, until })
    if (isLazy(standing) && !isLazy(before)) this.#relegated.push(peer)
    if (standing === 'shed' && fault !== undefined) {
      this.effects.emit({ type: 'shed', peer, fault })
    }
    this.armStandings(now)
  }

  /** Time may have raised those who do not stand well. */
  reviewStandings(now: Instant): void {
    for (const peer of [...this.#standings.keys()]) this.judge(peer, now)
    this.armStandings(now)
  }

  /** The link has brought or announced something real. */
  spoke(link: LinkState): void {
    if (link.spoke()) this.effects.emit({ type: 'useful', peer: link.peer })
  }

  /** The link has taken part in a comparison of histories, maybe just before it became a neighbour's. */
  answered(link: LinkState, now: Instant): void {
    link.heardAt ??= now
    if (!link.neighbour || link.isUseful) return
    link.isUseful = true
    this.effects.emit({ type: 'useful', peer: link.peer })
  }

  /** Names a few neighbours, in the order in which they came, from which nothing comes. */
  tellIdle(now: Instant): void {
    const idle = this.links.neighbours.filter(({ idleAt }) => idleAt !== undefined && idleAt <= now)
    for (const { peer } of idle.slice(0, idleAtOnce)) this.effects.emit({ type: 'idle', peer })
    this.armIdle(now)
  }

  /** Looks again when the next neighbour may be idle. */
  armIdle(now: Instant): void {
    for (const { idleAt } of this.links.neighbours) {
      if (idleAt !== undefined && idleAt > now) this.effects.armBy('idle', idleAt)
    }
  }

  armStandings(now: Instant): void {
    if (this.#standings.size > 0) this.effects.armBy('standing', after(now, reviewMs))
  }

  /** Those whose trees have to be mended, because nothing is expected of them any more. */
  takeRelegated(): readonly PeerId[] {
    if (this.#relegated.length === 0) return nobody
    const taken = this.#relegated
    this.#relegated = []
    return taken
  }

  standingOf(peer: PeerId): Standing {
    return this.#standings.get(peer) ?? 'good'
  }

  /** True when the peer may be in the trees: it stands well enough, or no neighbour does. */
  isPushedTo(peer: PeerId): boolean {
    if (this.#standings.size === 0 || !isLazy(this.standingOf(peer))) return true
    return this.links.neighbours.every((link) => isLazy(this.standingOf(link.peer)))
  }

  /** True when nothing is heard of the peer: its link is to be cut, or it is graylisted. */
  isUnheard(peer: PeerId): boolean {
    const standing = this.#standings.get(peer)
    return standing === 'shed' || standing === 'graylisted'
  }

  /** True when somebody else has pushed in time lately: the clock here is not the one that is wrong. */
  isClockShared(apartFrom: PeerId, now: Instant): boolean {
    return this.links.neighbours.some(
      ({ peer, timelyAt }) =>
        peer !== apartFrom && timelyAt !== undefined && now - timelyAt < clockMs,
    )
  }

  /** The link to a peer is gone. */
  forget(peer: PeerId): void {
    if (this.#standings.get(peer) === 'shed') this.#standings.delete(peer)
  }

  #tell(peer: PeerId, fault: Fault, always: boolean, now: Instant): void {
    if (!always) {
      const key = `${peer}${fault.code}`
      if (this.#told.has(key, now)) return
      this.#told.set(key, true, now)
    }
    this.effects.emit({ type: 'penalised', peer, fault })
  }
}

function isLazy(standing: Standing): boolean {
  return standing === 'lazy' || standing === 'graylisted' || standing === 'shed'
}

const nobody: readonly PeerId[] = []
/** Source: our choice; six times the mean pause are rare where messages come at random: one in four hundred. */
const silentPauses = 6
const silentMs = 1_000
/** Source: our choice; at 5 % loss each way three answers in a row are lost once in a thousand. */
const unkeptPromises = 3
/** Source: our choice; peers beyond the neighbours are asked twice in the time that a dial and an answer take at most. */
const starvedMs = 1_000
/** Source: our choice; far above a garbage collection, below the time that an answer may take. */
const behindMs = 100
/** Source: our choice; what piled up meanwhile is worked off. */
const behindForMs = 10_000
/** How often those who do not stand well are looked at. Source: our choice. */
const reviewMs = 1_000
/** Source: our choice; views stay what they are but for a few places. */
const idleAtOnce = 8
/** A push in time proves the clock for this long. Source: our choice. */
const clockMs = 60_000
/** Source: our choice; a stream of the same complaint says nothing new. */
const toldMs = 1_000
/** Source: our choice; a few codes of many links. */
const maxTold = 1_024
