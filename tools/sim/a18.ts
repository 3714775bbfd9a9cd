/**
 * Records under partitions, crashes and authors that contradict themselves.
 *
 * Set-up: whole overlays of the `lan` preset with the machine of records that ships, 5 to 30 ms one way, 0.12 ms a
 * check, 2 ms a commit; 100 authors (16 in the quick form). Three spans of 20 s (4 s): all together, cut into two halves, together
 * again. In the first two everybody writes twice; in each, half of the equivocators, a tenth of all, sign two records
 * for one place of their chain or with one id, which two others publish: at once, or in the two halves, so that nobody sees both
 * before the cut is healed. A tenth of the others crashes, loses what waited in memory, and comes back some seconds later.
 *
 * `lastHop` is how long an honest author's record of the first span takes to the last honest peer of those that never
 * crash. Evidence is timed from the second record to the last of them that has proof, the median over the median and the worst over the worst; what was signed across
 * the cut from its healing to the last honest peer of all, in intervals of comparisons. In the end all honest stores must hold the same, with the same tips.
 */
import { after, type Instant, instant, type Rng, sample } from '@kithnet/kernel'
import {
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { mean, rounded } from './membership-mean.ts'
import { quantile } from './overlay-world.ts'
import { type Author, RecordWorld, type Written } from './record-world.ts'

interface Size {
  readonly peers: number
  readonly settleMs: number
  readonly spanMs: number
}

const fullSize: Size = { peers: 100, settleMs: 15_000, spanMs: 20_000 }
const quickSize: Size = { peers: 16, settleMs: 5_000, spanMs: 4_000 }
const syncIntervalMs = 10_000
/** Longest wait for everybody to have the same. */
const patienceMs = 120_000

interface Fork {
  readonly identity: string
  readonly at: Instant
}

interface Outcome {
  readonly records: number
  readonly missing: number
  readonly states: number
  readonly evidenceMissing: number
  /** Of honest authors' records, how long each took to the last peer. */
  readonly lastHops: readonly number[]
  /** Of forks in the open, how long the proof took to the last peer. */
  readonly delays: readonly number[]
  readonly evidenceAfterHealMs: number
  readonly healMs: number
  readonly rejected: number
  readonly comparisons: number
}

/** One run. */
class Trial {
  readonly #world: RecordWorld
  readonly #size: Size
  readonly #rng: Rng
  readonly #liars: readonly Author[]
  readonly #open: Fork[] = []
  readonly #hidden: Fork[] = []
  readonly #crashed = new Set<Author>()
  #firstSpanEnd: Instant = instant(0)

  constructor(size: Size, seed: number) {
    this.#size = size
    this.#world = new RecordWorld({ seed, peers: size.peers, syncIntervalMs })
    this.#rng = this.#world.overlays.network.rng('trial')
    const count = Math.max(2, Math.round(size.peers / 10))
    this.#liars = sample(this.#rng, this.#world.authors, count)
  }

  run(): Outcome {
    const { network } = this.#world.overlays
    const { settleMs, spanMs } = this.#size
    this.#world.join(20)
    network.run(settleMs)
    const half = Math.floor(this.#liars.length / 2)
    this.#planSpan(this.#liars.slice(0, half), undefined)
    network.run(spanMs)
    this.#firstSpanEnd = network.now
    const halves = [0, 1].map((side) =>
      this.#world.authors.filter(({ index }) => index % 2 === side),
    )
    const [left, right] = halves.map((side) => side.map(({ peer }) => peer))
    network.partition(left!, right!)
    network.run(1_000)
    this.#planSpan(this.#liars.slice(half), halves as [Author[], Author[]])
    network.run(spanMs)
    network.unblock()
    const healedAt = network.now
    // Whoever was to come back is back after this.
    network.run(spanMs)
    const isDone = (): boolean => this.#states().size === 1 && this.#evidenceMissing() === 0
    for (let waited = 0; waited < patienceMs && !isDone(); waited += 250) network.run(250)
    return this.#outcome(healedAt)
  }

  /** Everybody writes twice, some crash, and these contradict themselves. */
  #planSpan(liars: readonly Author[], halves: readonly [Author[], Author[]] | undefined): void {
    const { network } = this.#world.overlays
    const { spanMs } = this.#size
    const start = network.now
    const at = (from: number, to: number): Instant =>
      after(start, Math.floor(spanMs * from) + this.#rng.below(Math.floor(spanMs * (to - from))))
    for (const author of this.#world.authors) {
      for (let count = 0; count < 2; count++) {
        network.at(at(0, 0.9), () => this.#world.write(author))
      }
    }
    const honest = this.#honest()
    const victims = sample(this.#rng, honest, Math.max(1, Math.round(honest.length / 20)))
    for (const victim of victims) {
      this.#crashed.add(victim)
      network.at(at(0.2, 0.5), () => this.#world.crash(victim))
      network.at(at(0.6, 0.9), () => this.#world.restart(victim))
    }
    const publishers = honest.filter((author) => !victims.includes(author))
    for (const [index, liar] of liars.entries()) {
      const sides = halves ?? [publishers, publishers]
      const [one, other] = sides.map(
        (side) =>
          sample(
            this.#rng,
            side.filter((author) => publishers.includes(author)),
            1,
          )[0]!,
      )
      network.at(at(0.1, 0.8), () => {
        const manner = index % 2 === 0 ? 'place' : 'id'
        const identity = this.#world.fork(liar, [one!, other!], manner)
        const forks = halves === undefined ? this.#open : this.#hidden
        forks.push({ identity, at: network.now })
      })
    }
  }

  #honest(): readonly Author[] {
    return this.#world.authors.filter((author) => !this.#liars.includes(author))
  }

  #states(): ReadonlySet<string> {
    return new Set(this.#honest().map(({ store }) => store.state))
  }

  #evidenceMissing(): number {
    let missing = 0
    for (const { identity } of [...this.#open, ...this.#hidden]) {
      const known = this.#world.convicted.get(identity)
      for (const { index } of this.#honest()) if (known?.has(index) !== true) missing++
    }
    return missing
  }

  #outcome(healedAt: Instant): Outcome {
    const honest = this.#honest()
    const written = [...this.#world.written.values()]
    // A twin that lost its place by its id is counted as held where the other stands.
    const missing = honest.reduce(
      (sum, { store }) => sum + written.filter(({ id }) => !store.graph.has(id)).length,
      0,
    )
    const proven = ({ identity }: Fork, by: readonly Author[]): number => {
      const known = this.#world.convicted.get(identity)
      return Math.max(...by.map(({ index }) => known?.get(index) ?? Infinity))
    }
    const steady = honest.filter((author) => !this.#crashed.has(author))
    const lastHopOf = ({ at, arrivals }: Written): number =>
      Math.max(...steady.map(({ index }) => arrivals.get(index) ?? Infinity)) - at
    const equalAt = Math.max(...written.flatMap(({ arrivals }) => [...arrivals.values()]))
    const isEarly = ({ author, at }: Written): boolean =>
      at < after(this.#firstSpanEnd, -2_000) && steady.some(({ index }) => index === author)
    const lastHops = written.filter(isEarly).map(lastHopOf)
    const delays = this.#open.map((fork) => proven(fork, steady) - fork.at)
    return {
      records: written.length,
      missing,
      states: this.#states().size,
      evidenceMissing: this.#evidenceMissing(),
      lastHops,
      delays,
      evidenceAfterHealMs: Math.max(...this.#hidden.map((fork) => proven(fork, honest) - healedAt)),
      healMs: equalAt - healedAt,
      rejected: this.#world.rejected,
      comparisons: this.#world.comparisons,
    }
  }
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Runs the scenario under a name. */
export async function runRecords(id: string, options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const size = options.quick ? quickSize : fullSize
  const outcomes: Outcome[] = []
  for (const seed of seedsOf(options)) {
    const began = performance.now()
    const outcome = new Trial(size, seed).run()
    outcomes.push(outcome)
    const seconds = (performance.now() - began) / 1000
    options.progress(
      `seed ${seed}: ${outcome.states} state, ${outcome.missing} missing, evidence in ${median(outcome.delays).toFixed(0)} ms (last hop ${median(outcome.lastHops).toFixed(0)} ms) and ${outcome.evidenceAfterHealMs.toFixed(0)} ms after the cut, ${seconds.toFixed(1)} s`,
    )
  }
  const most = (of: (outcome: Outcome) => number): number => rounded(Math.max(...outcomes.map(of)))
  const lastHops = outcomes.flatMap((outcome) => outcome.lastHops)
  const delays = outcomes.flatMap((outcome) => outcome.delays)
  const none = { match: exactly(0), beat: exactly(0) }
  return judge({
    id,
    seeds: outcomes.length,
    figures: {
      peers: size.peers,
      records: most(({ records }) => records),
      missing: most(({ missing }) => missing),
      differentStates: most(({ states }) => states),
      evidenceMissing: most(({ evidenceMissing }) => evidenceMissing),
      evidenceInLastHops: rounded(median(delays) / median(lastHops)),
      worstEvidenceInWorstLastHops: rounded(Math.max(...delays) / Math.max(...lastHops)),
      evidenceAfterHealIntervals: most(
        ({ evidenceAfterHealMs }) => evidenceAfterHealMs / syncIntervalMs,
      ),
      equalAfterHealMs: most(({ healMs }) => healMs),
      lastHopMs: rounded(median(lastHops)),
      worstLastHopMs: rounded(Math.max(...lastHops)),
      worstEvidenceMs: rounded(Math.max(...delays)),
      rejected: most(({ rejected }) => rejected),
      comparisons: rounded(mean(outcomes.map(({ comparisons }) => comparisons))),
    },
    threshold: {
      missing: none,
      evidenceMissing: none,
      rejected: none,
      differentStates: { match: exactly(1), beat: exactly(1) },
      // Source: targets.md, A18.
      evidenceInLastHops: { match: atMost(2), beat: atMost(2) },
      worstEvidenceInWorstLastHops: { match: atMost(2), beat: atMost(2) },
    },
  })
}

export const scenario: Scenario = {
  id: 'A18',
  title:
    'records: one set and one frontier after cuts and crashes, proof against equivocators everywhere',
  defaultSeeds: 3,
  run: (options) => runRecords('A18', options),
}
