import { after, type Instant, pick, TokenBucket } from '@kithnet/kernel'
import type { MessageId, PeerId } from '@kithnet/types'
import type { Acceptance } from './acceptance.ts'
import { addPiece, type Assembly, missingPieces, type Stream, wholeOf } from './assemblies.ts'
import type { TrustedBatch } from './batch-book.ts'
import { maxAlternatives } from './config.ts'
import type { Dissemination } from './dissemination.ts'
import { type IdPrefix, prefixOf } from './id-prefix.ts'
import { fragmentOf } from './message-cache.ts'
import type { FragmentMessage, ManifestMessage, WantFragmentsMessage } from './messages.ts'
import { addSource, type Pending } from './pending.ts'
import type { State } from './state.ts'

/**
 * Messages above one fragment. Once the batch that lists one is verified, its manifest and every piece that is what
 * the manifest says go on at once, so that a relay adds the time of a piece and not of the whole. Whoever brings a
 * manifest that is here already is pruned and stops in the middle; pieces that fail to come are asked for one by one.
 */
export class LargeMessages {
  readonly #state: State
  readonly #acceptance: Acceptance
  readonly #dissemination: Dissemination
  readonly #pending: Pending

  constructor(
    state: State,
    acceptance: Acceptance,
    dissemination: Dissemination,
    pending: Pending,
  ) {
    this.#state = state
    this.#acceptance = acceptance
    this.#dissemination = dissemination
    this.#pending = pending
  }

  /** Messages that are not whole. */
  get size(): number {
    return this.#state.assemblies.size
  }

  /** A first manifest; `undefined` when there is no room for what it announces. */
  open(id: MessageId, manifest: ManifestMessage, from: PeerId, now: Instant): Assembly | undefined {
    if (manifest.length > this.#state.config.maxPayloadBytes) return undefined
    return this.#state.assemblies.open(id, manifest, from, now)
  }

  /** Another manifest of a message that is on its way. */
  again({ id, manifest, sources, stream }: Assembly, from: PeerId, now: Instant): void {
    addSource(sources, from)
    if (stream === undefined || stream.tried.includes(from)) return
    stream.children.delete(from)
    stream.pushers.push(from)
    if (stream.parent === undefined) stream.parent = from
    else this.#dissemination.prune(manifest.author, from, now)
    this.#state.links.peek(from)?.announce.delete(prefixOf(id))
  }

  /** The message's batch is verified: it begins to travel on. `pushers` brought the manifest unasked. */
  begin(
    assembly: Assembly,
    trusted: TrustedBatch,
    via: PeerId,
    pushers: readonly PeerId[],
    now: Instant,
  ): void {
    const { links } = this.#state
    const { id, manifest } = assembly
    const { author } = manifest
    this.#refund(assembly)
    const admitted = this.#acceptance.admit(id, manifest, trusted, via, now)
    if (admitted === undefined) return this.end(assembly)
    const { late, pulled } = admitted
    const children = new Set<PeerId>()
    const others = [...pushers]
    assembly.stream = {
      trusted,
      late,
      parent: via,
      pushers: others,
      children,
      tried: [via],
      pulled,
    }
    for (const pusher of pushers) addSource(assembly.sources, pusher)
    assembly.touchedAt = now
    if (!late) {
      this.#dissemination.join(author, via, pulled, pushers.length > 0, now)
      for (const link of links.neighbours) {
        const { peer } = link
        if (peer === via || peer === author || pushers.includes(peer)) continue
        if (this.#dissemination.isPushedTo(link, author)) children.add(peer)
      }
      for (const child of children) this.#sendHead(assembly, assembly.stream, child)
    }
    for (const pusher of pushers) {
      if (pusher !== via) this.#dissemination.prune(author, pusher, now)
    }
    this.#finish(assembly, now)
  }

  onFragment(piece: FragmentMessage, from: PeerId, now: Instant): void {
    const assembly = this.#state.assemblies.get(piece.id)
    if (assembly === undefined) return
    const { length } = piece.bytes
    const { stream } = assembly
    if (stream === undefined && !this.#pending.hasRoom(from, length)) {
      this.#state.blame(from, { code: 'pubsub/too-much-unverified' }, now)
      return
    }
    const outcome = addPiece(assembly, piece, now)
    if (outcome === 'wrong') {
      this.#state.blame(from, { code: 'pubsub/wrong-fragment', message: piece.id }, now)
      if (stream?.parent === from) this.#askNext(assembly, stream, now)
      return
    }
    if (outcome === 'repeated') return
    this.#state.progress(now)
    if (stream === undefined) {
      assembly.charged += length
      this.#pending.chargeBytes(assembly.owner, length)
      return
    }
    for (const child of stream.children) {
      const link = this.#state.links.peek(child)
      // A child that has pruned this link, or cannot keep up, is told of the whole.
      if (link === undefined || !this.#dissemination.isPushedTo(link, assembly.manifest.author)) {
        stream.children.delete(child)
      } else if (child !== from) this.#state.effects.send(child, piece)
    }
    this.#finish(assembly, now)
  }

  /** Gives pieces of what is cached or on its way, within the link's share. */
  onWantFragments({ id, indexes }: WantFragmentsMessage, from: PeerId, now: Instant): void {
    const { cache, assemblies, links, effects, config } = this.#state
    const cached = cache.get(id)
    const assembly = assemblies.get(id)
    const link = links.of(from)
    link.served ??= new TokenBucket(config.servedBytesPerSecond, config.servedBurstBytes, now)
    let given = 0
    for (const index of new Set(indexes)) {
      const streamed = assembly?.stream === undefined ? undefined : assembly.pieces[index]
      const piece = cached === undefined ? streamed : fragmentOf(cached, index)
      if (piece === undefined || !link.served.take(piece.bytes.length, now)) continue
      effects.send(from, piece)
      given++
    }
    if (given === 0) effects.send(from, { type: 'gone', prefixes: [prefixOf(id)] })
  }

  /** The peer has them not: somebody else is asked for their pieces. */
  onGone(prefixes: readonly IdPrefix[], from: PeerId, now: Instant): void {
    for (const prefix of prefixes) {
      const assembly = this.#state.assemblies.byPrefix(prefix)
      if (assembly?.stream === undefined) continue
      const index = assembly.sources.indexOf(from)
      if (index >= 0) assembly.sources.splice(index, 1)
      if (assembly.stream.parent === from) this.#askNext(assembly, assembly.stream, now)
    }
  }

  /** The source's messages are to be pushed to the peer again: also those that are on their way. */
  onGraft(source: PeerId, from: PeerId): void {
    for (const assembly of this.#state.assemblies.all) {
      const { stream, manifest } = assembly
      if (stream === undefined || stream.late || manifest.author !== source) continue
      if (stream.parent === from || stream.children.has(from)) continue
      stream.children.add(from)
      this.#sendHead(assembly, stream, from)
    }
  }

  /** Asks others for what has stopped to come, and gives up what nobody has. */
  tick(now: Instant): void {
    for (const assembly of [...this.#state.assemblies.all]) {
      const { stream, touchedAt } = assembly
      const waited = now - touchedAt
      if (stream === undefined) {
        // Its batch is being waited for; that has a bound of its own.
        if (waited >= 2 * this.#state.config.pendingMs) this.end(assembly)
      } else if (stream.parent === undefined || waited >= this.#patienceMs(assembly)) {
        const silent = stream.parent
        if (silent !== undefined) {
          const message = prefixOf(assembly.id)
          this.#state.broke(silent, { code: 'pubsub/unanswered', message }, now)
        }
        this.#askNext(assembly, stream, now)
      }
    }
  }

  /** The link to a peer is gone. */
  forget(peer: PeerId, now: Instant): void {
    for (const assembly of [...this.#state.assemblies.all]) {
      const { stream, sources } = assembly
      const index = sources.indexOf(peer)
      if (index >= 0) sources.splice(index, 1)
      if (stream === undefined) continue
      stream.children.delete(peer)
      if (stream.parent === peer) this.#askNext(assembly, stream, now)
    }
  }

  /** Gives a message up. */
  end(assembly: Assembly): void {
    this.#refund(assembly)
    this.#state.assemblies.delete(assembly)
  }

  #sendHead(assembly: Assembly, { trusted }: Stream, peer: PeerId): void {
    const { links, effects } = this.#state
    if (links.of(peer).learnsBatch(trusted.id)) effects.send(peer, trusted.message)
    effects.send(peer, assembly.manifest)
    for (const piece of assembly.pieces) if (piece !== undefined) effects.send(peer, piece)
  }

  #finish(assembly: Assembly, now: Instant): void {
    const { id, stream, manifest } = assembly
    const message = wholeOf(assembly)
    if (message === undefined || stream === undefined) return
    this.end(assembly)
    const { trusted, late, pulled, pushers, children } = stream
    const via = stream.parent ?? assembly.owner
    const cached = this.#acceptance.take(id, message, trusted, { via, late, pulled, pushers }, now)
    cached.manifest = manifest
    this.#dissemination.announce(cached, [via, ...pushers, ...children], now)
  }

  /** Asks a source that was not asked yet for the missing pieces, then any neighbour; then lets the message be pulled. */
  #askNext(assembly: Assembly, stream: Stream, now: Instant): void {
    const { links, effects, rng, missing } = this.#state
    const { id, sources } = assembly
    const isNew = (peer: PeerId): boolean => !stream.tried.includes(peer)
    const known = sources.find((peer) => links.peek(peer) !== undefined && isNew(peer))
    const others = links.neighbours.filter(({ peer }) => isNew(peer))
    const peer = known ?? pick(rng, others)?.peer
    assembly.touchedAt = now
    if (peer === undefined || stream.tried.length > 1 + maxAlternatives) {
      this.end(assembly)
      for (const source of sources) missing.announced(prefixOf(id), source, stream.late, now)
      this.#dissemination.armMissing()
      return
    }
    stream.tried.push(peer)
    stream.parent = peer
    stream.pulled = true
    effects.send(peer, { type: 'wantFragments', id, indexes: missingPieces(assembly) })
    effects.armBy('pending', after(now, this.#patienceMs(assembly)))
  }

  /** How long the next piece may take: by the link's round trip, or by how far apart pieces have come. */
  #patienceMs({ stream, gapMs }: Assembly): number {
    const { links, config } = this.#state
    const link = stream?.parent === undefined ? undefined : links.peek(stream.parent)
    const roundTripMs = link?.roundTrip.timeoutMs ?? config.initialRoundTripMs
    const expectedMs = gapsOfPatience * (gapMs ?? config.pendingMs / gapsOfPatience / 2)
    return Math.min(config.pendingMs, Math.max(2 * roundTripMs, expectedMs))
  }

  #refund(assembly: Assembly): void {
    this.#pending.refundBytes(assembly.owner, assembly.charged)
    assembly.charged = 0
  }
}

/** Source: our choice; pieces of one message come over one link at about even pauses. */
const gapsOfPatience = 4
