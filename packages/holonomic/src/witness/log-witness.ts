import { BoundedMap } from '@kithnet/kernel'
import type { PeerId, Verified } from '@kithnet/types'
import type { CosignFault } from '../faults.ts'
import { type Checkpoint, decodeCheckpoint, logIdOf } from './checkpoint.ts'
import { cosignersOf } from './cosignature.ts'
import { Cosigner, type CosignerOutput } from './cosigner.ts'
import { encodeForkProof } from './fork-proof.ts'
import { maxLogsPerPeer } from './log-owner.ts'
import { headKey } from './witness-disk.ts'
import type { WitnessConfig, WitnessEffect, WitnessEvent } from './witness-events.ts'
import type { SignedBy, WitnessMessage } from './witness-messages.ts'

type OfferMessage = Extract<WitnessMessage, { readonly type: 'offer' }>

/** An offer whose signature is being checked. */
interface Checking {
  readonly from: PeerId
  readonly offer: OfferMessage
}

/** Most offers of a peer whose signatures are checked at once. Source: our choice. */
const maxCheckingPerPeer = 4
/** Most logs of which the rank is kept in mind. Source: our choice: as many as a witness follows. */
const maxRanked = 4_096
/** Who is among so many times as many as are appointed cosigns too: views of who is admitted differ. Source: our choice. */
const appointedSlack = 2
/** With so many neighbours its signatures are looked for before it signs. Source: our choice: one of them may lie. */
const fenceNeighbours = 2

/**
 * The witness's side: a `Cosigner` that is asked only by owners of logs that it is appointed to, and not before it has
 * heard from others what it signed before. The owner of a log does not count among them: it would say what suits it.
 */
export class LogWitness {
  readonly #self: PeerId
  readonly #config: WitnessConfig
  readonly #cosigner: Cosigner
  readonly #compared = new Set<PeerId>()
  readonly #neighbours = new Set<PeerId>()
  readonly #checkingByToken = new Map<number, Checking>()
  readonly #logsByPeer = new Map<PeerId, Set<string>>()
  /** For as long as the same are admitted. */
  readonly #isAppointedByLog = new BoundedMap<string, boolean>(maxRanked)
  readonly #nextToken: () => number
  #admitted: ReadonlySet<PeerId> = new Set()
  #isReady = false

  /** `kept` are the values of keys that begin with `headKey`, by the rest of their keys. */
  constructor(
    self: PeerId,
    config: WitnessConfig,
    nextToken: () => number,
    kept: Iterable<readonly [string, Uint8Array]> = [],
  ) {
    this.#self = self
    this.#config = config
    this.#nextToken = nextToken
    const heads = [...kept]
    this.#cosigner = new Cosigner(self, heads)
    for (const [log] of heads) {
      const checkpoint = decodeCheckpoint(this.#cosigner.head(log)!.signed.body)
      if (checkpoint.ok) this.#logsOf(checkpoint.value.peer).add(log)
    }
  }

  /** Whether it has heard enough to sign for a log of this owner. */
  isReadyFor(owner: PeerId): boolean {
    const others = this.#neighbours.size - (this.#neighbours.has(owner) ? 1 : 0)
    const heard = this.#compared.size - (this.#compared.has(owner) ? 1 : 0)
    return this.#isReady && heard >= Math.max(1, Math.min(fenceNeighbours, others))
  }

  ready(): void {
    this.#isReady = true
  }

  compared(peer: PeerId): void {
    this.#compared.add(peer)
  }

  neighbour(peer: PeerId, isUp: boolean): void {
    if (isUp) this.#neighbours.add(peer)
    else this.#neighbours.delete(peer)
  }

  admitted(peers: readonly PeerId[]): void {
    this.#admitted = new Set(peers)
    this.#isAppointedByLog.clear()
  }

  cosignature({
    cosignature,
  }: Extract<WitnessEvent, { readonly type: 'cosignature' }>): readonly WitnessEffect[] {
    return this.#perform(this.#cosigner.on({ type: 'recalled', cosignature }))
  }

  offered(from: PeerId, offer: OfferMessage): readonly WitnessEffect[] {
    const read = decodeCheckpoint(offer.checkpoint.body)
    if (!read.ok) return [{ type: 'emit', output: { type: 'reject', from, fault: read.fault } }]
    const checkpoint = read.value
    const why = this.#refusal(from, checkpoint)
    if (why !== undefined) {
      const known = this.#cosigner.knownEpoch(logIdOf(checkpoint))
      return [refusalTo(from, checkpoint, why, known)]
    }
    const token = this.#nextToken()
    this.#checkingByToken.set(token, { from, offer })
    const signed: SignedBy = offer.checkpoint
    return [{ type: 'emit', output: { type: 'verify', token, from, signed } }]
  }

  verified(token: number, checkpoint: Verified<Checkpoint> | undefined): readonly WitnessEffect[] {
    const checking = this.#checkingByToken.get(token)
    if (checking === undefined) return []
    this.#checkingByToken.delete(token)
    const { from, offer } = checking
    if (checkpoint === undefined) {
      const fault = { code: 'holonomic/witness-forged' } as const
      return [{ type: 'emit', output: { type: 'reject', from, fault } }]
    }
    // What was known when it came may have changed while it was checked.
    const why = this.#refusal(from, checkpoint)
    const log = logIdOf(checkpoint)
    if (why !== undefined) {
      return [refusalTo(from, checkpoint, why, this.#cosigner.knownEpoch(log))]
    }
    const { publicKey, body, signature } = offer.checkpoint
    const { basis, proof } = offer
    const signed = { body, signature }
    const event = { type: 'offered', from, checkpoint, signed, publicKey, proof, basis } as const
    const effects = this.#perform(this.#cosigner.on(event), checkpoint)
    if (this.#cosigner.head(log) !== undefined) this.#logsOf(from).add(log)
    return effects
  }

  /** `key` without its prefix: the log. */
  persisted(log: string): readonly WitnessEffect[] {
    return this.#perform(this.#cosigner.on({ type: 'persisted', key: log }))
  }

  /** The same, when it could not be kept: whoever offers again is not told that it is busy. */
  unpersisted(log: string): readonly WitnessEffect[] {
    return this.#perform(this.#cosigner.on({ type: 'unpersisted', key: log }))
  }

  #refusal(from: PeerId, checkpoint: Checkpoint): CosignFault['why'] | undefined {
    const log = logIdOf(checkpoint)
    if (checkpoint.peer !== from || !this.#isAppointed(from, log)) return 'not-appointed'
    if (!this.isReadyFor(from)) return 'not-ready'
    const logs = this.#logsByPeer.get(from)
    if (logs !== undefined && !logs.has(log) && logs.size >= maxLogsPerPeer) return 'full'
    let checking = 0
    for (const one of this.#checkingByToken.values()) if (one.from === from) checking++
    return checking >= maxCheckingPerPeer ? 'busy' : undefined
  }

  #isAppointed(owner: PeerId, log: string): boolean {
    if (!this.#admitted.has(owner)) return false
    const known = this.#isAppointedByLog.get(log)
    if (known !== undefined) return known
    const peers = [...this.#admitted, this.#self].filter((peer) => peer !== owner)
    const appointed = cosignersOf(log, peers, this.#config.cosigners * appointedSlack)
    const isAppointed = appointed.includes(this.#self)
    this.#isAppointedByLog.set(log, isAppointed)
    return isAppointed
  }

  #logsOf(peer: PeerId): Set<string> {
    const known = this.#logsByPeer.get(peer)
    if (known !== undefined) return known
    const logs = new Set<string>()
    this.#logsByPeer.set(peer, logs)
    return logs
  }

  #perform(
    effects: ReturnType<Cosigner['on']>,
    offered?: Verified<Checkpoint>,
  ): readonly WitnessEffect[] {
    return effects.flatMap((effect): readonly WitnessEffect[] => {
      if (effect.type === 'persist') return [{ ...effect, key: headKey + effect.key }]
      if (effect.type !== 'emit') return []
      return [this.#tell(effect.output, offered)]
    })
  }

  #tell(output: CosignerOutput, offered: Verified<Checkpoint> | undefined): WitnessEffect {
    switch (output.type) {
      case 'cosign':
        return { type: 'emit', output }
      case 'fork': {
        const proof = encodeForkProof(output.publicKey, output.one, output.other)
        return { type: 'emit', output: { type: 'fork', proof } }
      }
      case 'refuse':
        return refusalTo(output.to, offered!, output.fault.why, output.fault.knownEpoch)
    }
  }
}

function refusalTo(
  to: PeerId,
  checkpoint: Checkpoint,
  why: CosignFault['why'],
  knownEpoch: number,
): WitnessEffect {
  const { epoch } = checkpoint
  const message = { type: 'refused', log: logIdOf(checkpoint), epoch, why, knownEpoch } as const
  return { type: 'send', to, message }
}
