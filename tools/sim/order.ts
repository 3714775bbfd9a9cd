/**
 * The order of messages on whole overlays: per author (`fifo`), and after their causes (`causal`).
 *
 * Set-up: 24 overlays of the `lan` preset on links of 5 to 50 ms, everybody subscribed to one topic of each order;
 * every link loses 5 % of its messages. Everybody publishes 64 bytes at random instants, twenty messages a second on
 * each topic; after half of them a tenth of the nodes crash for good. Then a minute passes for repair. What a message
 * follows from is not taken from what it claims: it is what its author had been given when it published. 12 nodes
 * and fewer messages in the quick form.
 */
import type { Delivery, Order, OverlayOutput } from '@kithnet/overlay'
import { uniformLatency } from '@kithnet/testkit'
import type { MessageId, PeerId, TopicId } from '@kithnet/types'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import {
  atLeast,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { rounded } from './membership-mean.ts'
import { OverlayWorld, quantile } from './overlay-world.ts'

interface Size {
  readonly nodes: number
  readonly messages: number
}

const fullSize: Size = { nodes: 24, messages: 1_500 }
const quickSize: Size = { nodes: 12, messages: 160 }
const lossRate = 0.05
const messagesPerSecond = 20
const crashShare = 0.1
const payloadBytes = 64
/** Source: our choice; what is lost is given up after half of it. */
const repairMs = 60_000

/** The highest number of each author, one above: what somebody had. */
type Clock = Map<PeerId, number>

/** One topic: what everybody was given, and what was wrong with the order of it. */
class Witness {
  readonly topic: TopicId
  readonly #order: Order
  readonly #had = new Map<PeerId, Clock>()
  /** What must have been given before whatever was given last. */
  readonly #past = new Map<PeerId, Clock>()
  readonly #clockById = new Map<MessageId, { readonly clock: Clock; readonly at: number }>()
  readonly #crashed = new Set<PeerId>()
  readonly #lost: { readonly to: PeerId; readonly author: PeerId; readonly count: number }[] = []
  readonly delaysMs: number[] = []
  deliveries = 0
  violations = 0
  unmet = 0
  gaps = 0
  repaired = 0
  unaccounted = 0

  constructor(topic: TopicId, order: Order) {
    this.topic = topic
    this.#order = order
  }

  published(by: PeerId, id: MessageId, at: number): void {
    if (this.#clockById.has(id)) return
    this.#clockById.set(id, { clock: new Map(this.#had.get(by)), at })
  }

  delivered(to: PeerId, { id, author, seq, unmet }: Delivery, now: number): void {
    const had = entry(this.#had, to)
    const past = entry(this.#past, to)
    const { clock, at } = this.#clockById.get(id)!
    this.deliveries++
    this.delaysMs.push(now - at)
    if (unmet > 0) this.unmet++
    const isOld = seq < (had.get(author) ?? 0)
    const isTooLate = this.#order === 'causal' && seq < (past.get(author) ?? 0)
    if (isOld || isTooLate) this.violations++
    had.set(author, Math.max(had.get(author) ?? 0, seq + 1))
    for (const [cause, next] of clock) {
      if (cause !== to) past.set(cause, Math.max(past.get(cause) ?? 0, next))
    }
  }

  lost(to: PeerId, author: PeerId, count: number): void {
    this.#lost.push({ to, author, count })
  }

  crashed(peer: PeerId): void {
    this.#crashed.add(peer)
  }

  /** Numbers that the living were told lost. */
  get toldLost(): number {
    const living = this.#lost.filter(
      ({ to, author }) => this.#isLiving(to) && this.#isLiving(author),
    )
    return living.reduce((sum, { count }) => sum + count, 0)
  }

  /** Counts messages of the living that a living peer was neither given nor told lost. */
  close(world: OverlayWorld): void {
    const living = world.citizens.filter(({ peer }) => this.#isLiving(peer))
    let open = 0
    for (const [id, { author }] of world.published) {
      if (!this.#clockById.has(id) || !this.#isLiving(author)) continue
      for (const { peer, delivered } of living) {
        if (peer !== author && !delivered.has(id)) open++
      }
    }
    this.unaccounted = Math.abs(open - this.toldLost)
  }

  #isLiving(peer: PeerId): boolean {
    return !this.#crashed.has(peer)
  }
}

function entry(clocks: Map<PeerId, Clock>, peer: PeerId): Clock {
  let clock = clocks.get(peer)
  if (clock === undefined) {
    clock = new Map()
    clocks.set(peer, clock)
  }
  return clock
}

function measure(
  { nodes, messages }: Size,
  seed: number,
  progress: (text: string) => void,
): readonly Witness[] {
  const witnesses: Witness[] = []
  const world: OverlayWorld = new OverlayWorld({
    seed,
    peers: nodes,
    latency: uniformLatency(5, 50),
    onOutput: ({ peer }, output, now) => {
      if (output.type === 'published' && output.status === 'queued') {
        // Tokens count the calls below, which take the topics in turn.
        witnesses[(output.token - 1) % witnesses.length]!.published(peer, output.id, now)
        return
      }
      const topic = output.type === 'deliver' ? output.message.topic : topicOf(output)
      const witness = witnesses.find((one) => one.topic === topic)
      if (output.type === 'deliver') witness?.delivered(peer, output.message, now)
      else if (output.type === 'lost') witness?.lost(peer, output.author, output.count)
      else if (witness !== undefined && output.type === 'gap') witness.gaps++
      else if (witness !== undefined && output.type === 'repaired') witness.repaired++
    },
  })
  const { network } = world
  const rng = network.rng('order')
  for (const order of ['fifo', 'causal'] as const) {
    witnesses.push(new Witness(world.topic(order), order))
    world.subscribeAll(witnesses.at(-1)!.topic, order)
  }
  world.join(100)
  network.run(nodes * 100 + 20_000)
  network.shape({ lossRate })
  for (const half of [0, 1]) {
    const spanMs = (messages * 500) / messagesPerSecond
    const alive = world.citizens.flatMap(({ node }, index) => (node.alive ? [index] : []))
    for (let sent = 0; sent < messages / 2; sent++) {
      const delayMs = rng.below(spanMs)
      for (const { topic } of witnesses) {
        world.publish(alive[rng.below(alive.length)]!, topic, rng.bytes(payloadBytes), delayMs)
      }
    }
    network.run(spanMs)
    progress(`seed ${seed}: ${world.deliveries} deliveries`)
    if (half === 1) break
    for (let index = 1; index <= nodes * crashShare; index++) {
      const { peer } = world.citizens[index]!
      network.crash(peer)
      for (const witness of witnesses) witness.crashed(peer)
    }
  }
  network.run(repairMs)
  for (const witness of witnesses) witness.close(world)
  return witnesses
}

function topicOf(output: OverlayOutput): TopicId | undefined {
  return 'topic' in output ? output.topic : undefined
}

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const size = options.quick ? quickSize : fullSize
  const outcomes = seedsOf(options).map((seed) => measure(size, seed, options.progress))
  const figures: Record<string, number> = {}
  for (const [index, name] of ['fifo', 'causal'].entries()) {
    const witnesses = outcomes.map((outcome) => outcome[index]!)
    const total = (pick: (witness: Witness) => number): number =>
      witnesses.reduce((sum, witness) => sum + pick(witness), 0)
    const delays = witnesses.flatMap((witness) => witness.delaysMs)
    figures[`${name}Deliveries`] = total((witness) => witness.deliveries)
    figures[`${name}Violations`] = total((witness) => witness.violations)
    figures[`${name}Unaccounted`] = total((witness) => witness.unaccounted)
    figures[`${name}Lost`] = total((witness) => witness.toldLost)
    figures[`${name}Gaps`] = total((witness) => witness.gaps)
    figures[`${name}Repaired`] = total((witness) => witness.repaired)
    figures[`${name}P50Ms`] = rounded(quantile(delays, 0.5))
    figures[`${name}P99Ms`] = rounded(quantile(delays, 0.99))
    figures[`${name}MaxMs`] = rounded(quantile(delays, 1))
  }
  figures['causalUnmet'] = outcomes.reduce((sum, [, causal]) => sum + causal!.unmet, 0)
  const least = outcomes.length * (options.quick ? 1_000 : 30_000)
  return judge({
    id: 'order',
    seeds: outcomes.length,
    figures,
    threshold: {
      fifoDeliveries: { match: atLeast(least), beat: null },
      fifoViolations: { match: exactly(0), beat: null },
      fifoUnaccounted: { match: exactly(0), beat: null },
      fifoLost: { match: null, beat: exactly(0) },
      causalDeliveries: { match: atLeast(least), beat: null },
      causalViolations: { match: exactly(0), beat: null },
      causalUnaccounted: { match: exactly(0), beat: null },
      causalLost: { match: null, beat: exactly(0) },
      causalUnmet: { match: null, beat: exactly(0) },
    },
  })
}

export const scenario: Scenario = {
  id: 'order',
  title:
    'with losses and crashes, no message is given before its time, and every one is accounted for',
  defaultSeeds: 3,
  run,
}
