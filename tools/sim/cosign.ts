/**
 * A witness of a log whose owner forks it: races, crashes, rollbacks, disks restored from backups.
 *
 * Set-up. An owner has one history of 0 to 3 states and then two, of four states each. It offers any checkpoint of either
 * to one witness, with a proof from any epoch, the right one half of the time. Meanwhile writes wait, are done or are lost
 * in a crash, and now and then the disk is restored from an older copy. After each start the witness that ships refuses until
 * it has compared statements with two others, who have its signatures (by their names: what they are under the owner has to
 * show), some steps later. A schedule has 24 such steps. Two signatures exclude each other when each is on a side of its own
 * beyond the common past. For comparison: the same schedules without being told, and the ancestor's rule, which asks only for a
 * higher epoch. The deterministic signature scheme; the machine and every disk entry are those that ship, signatures are checked once.
 * Quick: 1,000 schedules a seed instead of 50,000; 20 seeds are 10^6.
 */
import {
  type Checkpoint,
  checkpointId,
  checkpointKind,
  type Cosignature,
  cosignatureKind,
  encodeCheckpoint,
  encodeCosignature,
  logIdOf,
  WitnessLog,
} from '@kithnet/holonomic'
import { verifySignedSync } from '@kithnet/identity'
import { epochMs, instant, type Rng, seededRng, utf8 } from '@kithnet/kernel'
import { testScheme } from '@kithnet/testkit'
import { networkId, peerIdOf, type Verified } from '@kithnet/types'
import type { WitnessEvent } from '../../packages/holonomic/src/witness/witness-events.ts'
import { WitnessExchange } from '../../packages/holonomic/src/witness/witness-exchange.ts'
import type { SignedBy } from '../../packages/holonomic/src/witness/witness-messages.ts'
import { atLeast, exactly, judge, type Report, type Scenario, seedsOf } from '../report.ts'

const steps = 24
const statesPerSide = 4
/** Worlds are costly to sign, so each serves many schedules. */
const schedulesPerWorld = 250

const scheme = testScheme()
const keysOf = (name: string) => scheme.keygen(seededRng(name).bytes(32))
const [owner, witness] = [keysOf('owner'), keysOf('witness')]
const self = peerIdOf(witness.publicKey)
const network = networkId('cosign')
const neighbours = ['one', 'other'].map((name) => peerIdOf(keysOf(name).publicKey))

/** A checkpoint that can be offered, and the side that it is on; `undefined` in the common past. */
interface Choice {
  readonly checkpoint: Verified<Checkpoint>
  readonly signed: SignedBy
  readonly log: string
  readonly side: number | undefined
  /** By the epoch from which it starts: the proof, and what stands there. */
  readonly proofs: readonly { readonly basis: Uint8Array; readonly proof: readonly Uint8Array[] }[]
  /** The witness's signature under it, as others have it. */
  readonly cosignature: Verified<Cosignature>
  readonly cosigned: SignedBy
}

function signedBy<T>(value: { readonly ok: boolean; readonly value?: T }): T {
  if (!value.ok || value.value === undefined) throw new Error('a signature of this world fails')
  return value.value
}

function worldOf(rng: Rng): readonly Choice[] {
  const past = rng.below(4)
  const name = {
    network,
    peer: peerIdOf(owner.publicKey),
    namespaces: ['records'],
  }
  const sides = [new WitnessLog(name), new WitnessLog(name)]
  const choices: Choice[] = []
  for (const [side, log] of sides.entries()) {
    for (let epoch = 1; epoch <= past + statesPerSide; epoch++) {
      const text = epoch <= past ? `${epoch}` : `${epoch} on side ${side}`
      const { checkpoint } = log.commit([utf8(text)], epochMs(epoch))
      const body = encodeCheckpoint(checkpoint)
      const signed = { body, signature: scheme.signSync(owner.secretKey, 'checkpoint', body) }
      const { publicKey } = owner
      const verified = signedBy(verifySignedSync(checkpointKind, signed, publicKey, scheme))
      const proofs = Array.from({ length: epoch }, (_, from) => ({
        basis: from === 0 ? new Uint8Array(0) : encodeCheckpoint(log.checkpointAt(from)),
        proof: log.consistencyProof(from, epoch),
      }))
      const own = encodeCosignature({
        cosigner: self,
        log: logIdOf(checkpoint),
        epoch,
        checkpoint: checkpointId(checkpoint),
        at: epochMs(epoch),
      })
      const cosigned = {
        publicKey: witness.publicKey,
        body: own,
        signature: scheme.signSync(witness.secretKey, 'cosignature', own),
      }
      const cosignature = signedBy(
        verifySignedSync(cosignatureKind, cosigned, witness.publicKey, scheme),
      )
      choices.push({
        checkpoint: verified,
        signed: { publicKey, ...signed },
        log: logIdOf(checkpoint),
        side: epoch <= past ? undefined : side,
        proofs,
        cosignature,
        cosigned,
      })
    }
  }
  return choices
}

/** One schedule: which sides were signed for, and how often anything was. */
class Schedule {
  readonly #rng: Rng
  readonly #choices: readonly Choice[]
  /** Without: it is not told, and signs from the start. */
  readonly #isFenced: boolean
  readonly sides = new Set<number>()
  signatures = 0
  #disk = new Map<string, Uint8Array>()
  #backup = new Map<string, Uint8Array>()
  #unwritten: { readonly key: string; readonly value: Uint8Array }[] = []
  readonly #choiceByValue = new Map<Uint8Array, Choice>()
  #machine!: WitnessExchange
  #last: Choice | undefined
  /** What was signed last, as far as the process knows. */
  #known: Choice | undefined
  #offered: Choice | undefined

  constructor(choices: readonly Choice[], rng: Rng, isFenced: boolean) {
    this.#choices = choices
    this.#rng = rng
    this.#isFenced = isFenced
    this.#start(this.#disk)
    for (let step = 0; step < steps; step++) this.#step()
  }

  #step(): void {
    const what = this.#rng.below(24)
    if (what === 0) this.#start(this.#disk)
    else if (what === 1) this.#start(new Map(this.#backup))
    else if (what === 2) this.#backup = new Map(this.#disk)
    else if (what < 6) this.#compare()
    else if (what < 11) this.#flush()
    else this.#offer()
  }

  /** What was not written is lost. */
  #start(disk: Map<string, Uint8Array>): void {
    this.#disk = disk
    this.#unwritten = []
    const heads = [...disk].map(([key, value]) => [key.slice('head '.length), value] as const)
    const rng = seededRng('witness')
    this.#machine = new WitnessExchange({ self, network, rng, heads })
    const [value] = disk.values()
    this.#known = value && this.#choiceByValue.get(value)
    this.#feed({ type: 'admitted', peers: [peerIdOf(owner.publicKey), ...neighbours] })
    for (const peer of neighbours) this.#feed({ type: 'neighbourUp', peer })
    if (!this.#isFenced) this.#meet()
  }

  /** Others have what it signed; it hears of it before they count as compared. */
  #compare(): void {
    if (this.#last !== undefined && this.#isFenced) {
      const { cosignature, cosigned } = this.#last
      this.#feed({ type: 'cosignature', cosignature, signed: cosigned })
      this.#known = this.#last
    }
    this.#meet()
  }

  #meet(): void {
    for (const peer of neighbours) this.#feed({ type: 'compared', peer })
    this.#feed({ type: 'ready' })
  }

  #flush(): void {
    for (const { key, value } of this.#unwritten.splice(0)) {
      this.#disk.set(key, value)
      this.#feed({ type: 'persisted', key })
    }
  }

  #offer(): void {
    const choice = this.#choices[this.#rng.below(this.#choices.length)]!
    const right = this.#rng.below(2) === 0 ? this.#known?.checkpoint.epoch : undefined
    const shown = choice.proofs[right ?? this.#rng.below(choice.proofs.length)]
    const { basis, proof } = shown ?? choice.proofs[0]!
    const message = { type: 'offer', checkpoint: choice.signed, basis, proof } as const
    this.#offered = choice
    this.#feed({ type: 'received', from: choice.checkpoint.peer, message })
  }

  #feed(event: WitnessEvent): void {
    for (const effect of this.#machine.on(event, instant(0))) {
      if (effect.type === 'persist') {
        this.#known = this.#offered
        this.#choiceByValue.set(effect.value, this.#offered!)
        this.#unwritten.push(effect)
      }
      if (effect.type !== 'emit') continue
      const { output } = effect
      if (output.type === 'verify') {
        const { checkpoint } = this.#offered!
        this.#feed({ type: 'verified', token: output.token, checkpoint })
      }
      if (output.type === 'cosign') this.#signed(output.checkpoint)
    }
  }

  #signed(checkpoint: Verified<Checkpoint>): void {
    const choice = this.#choices.find((one) => one.checkpoint === checkpoint)!
    this.signatures += 1
    if (choice.side !== undefined) this.sides.add(choice.side)
    const last = this.#last?.checkpoint.epoch ?? 0
    if (checkpoint.epoch > last) this.#last = choice
  }
}

/** The ancestor's rule over random offers: whether it takes both sides. */
function ancestorTakesBoth(choices: readonly Choice[], rng: Rng): boolean {
  const sides = new Set<number>()
  let highest = 0
  for (let step = 0; step < steps; step++) {
    const { checkpoint, side } = choices[rng.below(choices.length)]!
    if (checkpoint.epoch <= highest) continue
    highest = checkpoint.epoch
    if (side !== undefined) sides.add(side)
  }
  return sides.size > 1
}

function run(options: Parameters<Scenario['run']>[0]): Promise<Report> {
  const seeds = seedsOf(options)
  const perSeed = options.quick ? 1_000 : 50_000
  let [schedules, signatures, both, untold, ancestor] = [0, 0, 0, 0, 0]
  for (const seed of seeds) {
    options.progress(`seed ${seed}`)
    const rng = seededRng(`cosign ${seed}`)
    for (let done = 0; done < perSeed; done += schedulesPerWorld) {
      const choices = worldOf(rng)
      for (let index = 0; index < schedulesPerWorld; index++) {
        const told = new Schedule(choices, rng, true)
        schedules += 1
        signatures += told.signatures
        if (told.sides.size > 1) both += 1
        // One in ten is enough for what is only compared with.
        if (index % 10 > 0) continue
        if (new Schedule(choices, rng, false).sides.size > 1) untold += 1
        if (ancestorTakesBoth(choices, rng)) ancestor += 1
      }
    }
  }
  const figures = {
    schedules,
    'signatures per schedule': signatures / schedules,
    'schedules with signatures that exclude each other': both,
    '  the same, not told after a restored backup, %': (untold * 1_000) / schedules,
    '  the same, by a higher epoch alone, %': (ancestor * 1_000) / schedules,
  }
  const threshold = {
    'schedules with signatures that exclude each other': { match: exactly(0), beat: null },
    // A witness that signs nothing excludes nothing, and schedules without danger prove nothing.
    'signatures per schedule': { match: atLeast(1), beat: null },
    '  the same, not told after a restored backup, %': { match: atLeast(0.1), beat: null },
    '  the same, by a higher epoch alone, %': { match: atLeast(10), beat: null },
  }
  return Promise.resolve(judge({ id: 'cosign', seeds: seeds.length, figures, threshold }))
}

export const scenario: Scenario = {
  id: 'cosign',
  title: 'a witness never signs two states that exclude each other',
  run,
}
