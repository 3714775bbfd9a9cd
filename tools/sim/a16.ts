/**
 * A16, determinism: the same seeds under every supported Node, in processes of their own, and one seed with
 * real ML-DSA-65 keys in place of the deterministic signer.
 *
 * Set-up: 16 peers spread signed rumours by push and by periodic exchange with a random peer, under every
 * kind of fault of the safety mode and lossy, reordering, duplicating paths; after two thirds of the time
 * the liveness mode ruins 6 of them for good. One rumour in eight is forged. Verification takes the virtual
 * time that it takes natively. One run lasts 60 minutes of virtual time, in the quick form 3. With the first seeds
 * whole overlays, as they ship, run under loss and crashes, too.
 */
import {
  after,
  type Effect,
  type Fired,
  type Instant,
  type LinkDown,
  type LinkUp,
  type Machine,
  type Persisted,
  type Received,
  sample,
  utf8,
} from '@kithnet/kernel'
import { createMlDsaScheme } from '@kithnet/identity'
import {
  type Boot,
  createNetwork,
  demand,
  faultKinds,
  livenessMode,
  planet,
  regionLatency,
  type Node,
  runSeeds,
  safetyMode,
  type SeededRun,
  testScheme,
  VirtualCores,
} from '@kithnet/testkit'
import { run as runProcess } from '../command.ts'
import {
  atLeast,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { supportedNodes } from '../supported-nodes.ts'
import { overlayTrace } from './overlay-trace.ts'

const peerCount = 16
const rumourCount = 64

interface Rumour {
  readonly id: number
  readonly author: number
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

type Message =
  | { readonly type: 'push'; readonly rumour: Rumour }
  | { readonly type: 'have'; readonly ids: readonly number[] }
  | { readonly type: 'done' }

type Local =
  | { readonly type: 'start' }
  | {
      readonly type: 'verified'
      readonly rumour: Rumour
      readonly from: number
      readonly valid: boolean
    }

type Event = Local | Received<number, Message> | LinkUp<number> | LinkDown<number> | Persisted
type Output =
  | { readonly type: 'verify'; readonly rumour: Rumour; readonly from: number }
  | { readonly type: 'accepted'; readonly rumour: Rumour }
type Effects = Effect<number, Message, 'exchange', Output>[]

/** Source: our choice, a second between exchanges and three pushes of what is new. */
const exchangeMs = 1_000
const pushes = 3

/** Spreads what it has verified; asks for verification before anything else. */
class Gossip implements Machine<Event, number, Message, 'exchange', Output> {
  readonly accepted = new Map<number, Rumour>()
  readonly #pending = new Set<number>()
  readonly #boot: Boot<number>
  readonly #others: readonly number[]

  constructor(boot: Boot<number>) {
    this.#boot = boot
    this.#others = Array.from({ length: peerCount }, (_, peer) => peer).filter(
      (peer) => peer !== boot.peer,
    )
  }

  on(event: Event | Fired<'exchange'>, now: Instant): Effects {
    switch (event.type) {
      case 'start':
        return [{ type: 'arm', key: 'exchange', at: after(now, this.#boot.rng.below(exchangeMs)) }]
      case 'fired':
        return this.#exchange(now)
      case 'received':
        return this.#receive(event.message, event.from)
      case 'verified':
        return this.#decide(event.rumour, event.from, event.valid)
      case 'linkUp':
      case 'linkDown':
      case 'persisted':
        return []
    }
  }

  #receive(message: Message, from: number): Effects {
    switch (message.type) {
      case 'push':
        return this.#learn(message.rumour, from)
      case 'have':
        return this.#teach(message.ids, from)
      case 'done':
        return [{ type: 'release', peer: from }]
    }
  }

  #exchange(now: Instant): Effects {
    const effects: Effects = [{ type: 'arm', key: 'exchange', at: after(now, exchangeMs) }]
    const have = { type: 'have', ids: [...this.accepted.keys()] } as const
    for (const to of sample(this.#boot.rng, this.#others, 1)) {
      effects.push({ type: 'send', to, message: have })
    }
    return effects
  }

  #teach(ids: readonly number[], from: number): Effects {
    const known = new Set(ids)
    const missing = [...this.accepted.values()].filter(({ id }) => !known.has(id))
    const effects: Effects = missing.map((rumour) => {
      return { type: 'send', to: from, message: { type: 'push', rumour } }
    })
    // The asker holds the link until it has heard the end of the answer.
    effects.push({ type: 'send', to: from, message: { type: 'done' } })
    return [...effects, { type: 'release', peer: from }]
  }

  #learn(rumour: Rumour, from: number): Effects {
    if (this.accepted.has(rumour.id) || this.#pending.has(rumour.id)) return []
    this.#pending.add(rumour.id)
    return [{ type: 'emit', output: { type: 'verify', rumour, from } }]
  }

  #decide(rumour: Rumour, from: number, valid: boolean): Effects {
    this.#pending.delete(rumour.id)
    if (!valid) return [{ type: 'release', peer: from }]
    this.accepted.set(rumour.id, rumour)
    const targets = sample(this.#boot.rng, this.#others, pushes)
    return [
      { type: 'persist', key: `rumour ${rumour.id}`, value: rumour.signature.subarray(0, 1) },
      { type: 'emit', output: { type: 'accepted', rumour } },
      ...targets.map((to) => ({ type: 'send', to, message: { type: 'push', rumour } }) as const),
    ]
  }
}

/** What is spread, and how it is checked. */
interface Trust {
  readonly rumours: readonly Rumour[]
  verify(rumour: Rumour): boolean
}

/** The part of a signature scheme that is used here: the real one and the deterministic one both have it. */
type Scheme = Pick<ReturnType<typeof createMlDsaScheme>, 'signingKey' | 'verifySync'>

function isForged(id: number): boolean {
  return id % 8 === 7
}

async function trustOf(scheme: Scheme): Promise<Trust> {
  const keys = Array.from({ length: peerCount }, (_, peer) =>
    scheme.signingKey(new Uint8Array(32).fill(peer + 1)),
  )
  const rumours: Rumour[] = []
  for (let id = 0; id < rumourCount; id++) {
    const author = id % peerCount
    const body = utf8(`rumour ${id} of ${author}`)
    const signature = Uint8Array.from(await keys[author]!.sign('batch', body))
    if (isForged(id)) signature[id]! ^= 1
    rumours.push({ id, author, body, signature })
  }
  const publicKeys = keys.map(({ publicKey }) => publicKey)
  return {
    rumours,
    verify: ({ author, body, signature }) =>
      scheme.verifySync({ domain: 'batch', publicKey: publicKeys[author]!, body, signature }),
  }
}

/** Runs the world once; answers with its trace. Throws when a forgery is accepted or the core stalls. */
function runWorld({ seed, log }: SeededRun, minutes: number, trust: Trust): string {
  const totalMs = minutes * 60_000
  const stormMs = (totalMs * 2) / 3
  const { costs } = testScheme()
  const cores = Array.from({ length: peerCount }, () => new VirtualCores(1))
  const nodes: Node<Event, Gossip>[] = []
  const network = createNetwork<Event, number, Message, 'exchange', Output>({
    seed,
    latency: regionLatency(planet),
    keepaliveMs: 20_000,
    skewMs: (_index, rng) => rng.below(7_200_000) - 3_600_000,
    ...(log === undefined ? {} : { log }),
    // Not the signature, which another scheme would make otherwise.
    digestOf,
    onEmit(peer, output, now) {
      const { rumour } = output
      if (output.type === 'accepted') {
        if (isForged(rumour.id)) throw new Error(`peer ${peer} accepted forged rumour ${rumour.id}`)
        return
      }
      const valid = trust.verify(rumour)
      const doneMs = cores[peer]!.work(now, costs.verifyUs) - now
      nodes[peer]!.inject({ type: 'verified', rumour, from: output.from, valid }, doneMs)
    },
  })
  for (let peer = 0; peer < peerCount; peer++) {
    nodes.push(network.add(peer, (boot) => new Gossip(boot)))
    network.inject(peer, { type: 'start' })
  }
  const restarted = (peer: number): void => network.inject(peer, { type: 'start' })
  const plan = safetyMode(network, network.rng('faults'), {
    durationMs: stormMs,
    faults: 20 + 2 * minutes,
    longestMs: 30_000,
    kinds: faultKinds,
    path: {
      lossRate: 0.05,
      burstLoss: { goodToBad: 0.005, badToGood: 0.2, lossInBad: 0.9 },
      duplicateRate: 0.02,
      reorderRate: 0.05,
      reorderMs: 200,
      jitterMs: 10,
    },
    restarted,
  })
  const when = network.rng('publish')
  for (const rumour of trust.rumours) {
    const event = {
      type: 'verified',
      rumour,
      from: rumour.author,
      valid: !isForged(rumour.id),
    } as const
    if (event.valid) network.inject(rumour.author, event, when.below(stormMs))
    else nodes[(rumour.author + 1) % peerCount]!.inject(forgery(rumour), when.below(stormMs))
  }
  network.run(stormMs)
  plan.stop()
  const core = livenessMode(network, network.rng('core'), { coreShare: 10 / peerCount, restarted })
  const wanted = new Set(core.flatMap((peer) => [...nodes[peer]!.machine.accepted.keys()]))
  demand(
    network,
    'the core agrees on all that any of it had',
    () => core.every((peer) => isSuperset(nodes[peer]!.machine.accepted, wanted)),
    totalMs - stormMs,
  )
  network.run(stormMs / 10)
  return network.traceHash
}

function digestOf(message: Message): number {
  switch (message.type) {
    case 'push':
      return message.rumour.id
    case 'have':
      return message.ids.reduce(
        (digest, id) => Math.imul(digest ^ id, 0x01000193),
        message.ids.length,
      )
    case 'done':
      return -1
  }
}

function forgery(rumour: Rumour): Received<number, Message> {
  return { type: 'received', from: rumour.author, message: { type: 'push', rumour } }
}

function isSuperset(accepted: ReadonlyMap<number, Rumour>, wanted: ReadonlySet<number>): boolean {
  if (accepted.size < wanted.size) return false
  for (const id of wanted) if (!accepted.has(id)) return false
  return true
}

function tracesOf(seeds: readonly number[], minutes: number, trust: Trust): string[] {
  return runSeeds('a16', seeds, (seeded) => runWorld(seeded, minutes, trust))
}

/** Most seeds with which whole overlays run, too: each takes about a second. */
const overlaySeeds = 3

function overlayTracesOf(seeds: readonly number[]): string[] {
  return seeds.slice(0, overlaySeeds).map((seed) => overlayTrace(seed))
}

/** Source: our choice; sixty minutes of virtual time take a fraction of a second per seed. */
const childLimitMs = 600_000

/** The traces under another Node, or the reason why there are none. */
async function tracesUnder(
  file: string,
  seeds: readonly number[],
  minutes: number,
): Promise<readonly string[]> {
  const args = [import.meta.filename, String(minutes), ...seeds.map(String)]
  const env = { ...process.env, NODE_NO_WARNINGS: '1' }
  const { code, stdout, output } = await runProcess(file, args, { env, timeoutMs: childLimitMs })
  if (code !== 0) throw new Error(`${file} ended with ${code}\n${output}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as string[]
}

async function run(options: ScenarioOptions): Promise<Report> {
  const seeds = seedsOf(options)
  const minutes = options.quick ? 3 : 60
  const trust = await trustOf(testScheme())
  const began = performance.now()
  const rumours = tracesOf(seeds, minutes, trust)
  const secondsPerSeed = (performance.now() - began) / 1000 / seeds.length
  const overlays = overlayTracesOf(seeds)
  const own = [...rumours, ...overlays]
  options.progress(`${seeds.length} seeds here, ${secondsPerSeed.toFixed(2)} s each`)
  let unequal = 0
  let nodes = 0
  for (const { version, file } of supportedNodes()) {
    if (file === undefined) {
      options.progress(`Node ${version} is not installed on ${process.platform} ${process.arch}`)
      continue
    }
    const traces = await tracesUnder(file, seeds, minutes)
    nodes++
    unequal += own.filter((trace, at) => traces[at] !== trace).length
    options.progress(`Node ${version}: ${traces.length} traces, the first ${traces[0]}`)
  }
  const real = tracesOf(seeds.slice(0, 1), minutes, await trustOf(createMlDsaScheme()))
  return judge({
    id: 'A16',
    seeds: seeds.length,
    figures: {
      nodes,
      unequalTraces: unequal,
      realKeysEqual: real[0] === own[0] ? 1 : 0,
      seedsPerNight: Math.floor((8 * 3600) / secondsPerSeed),
      virtualMinutesPerSeed: minutes,
      firstTrace: own[0] ?? 'none',
      firstOverlayTrace: overlays[0] ?? 'none',
    },
    threshold: {
      nodes: { match: atLeast(3), beat: null },
      unequalTraces: { match: exactly(0), beat: null },
      realKeysEqual: { match: null, beat: exactly(1) },
      seedsPerNight: { match: null, beat: atLeast(10_000) },
    },
  })
}

export const scenario: Scenario = {
  id: 'A16',
  title: 'determinism: equal traces on every supported Node, and with real keys',
  run,
}

if (process.argv[1] === import.meta.filename) {
  const [minutes = 3, ...seeds] = process.argv.slice(2).map(Number)
  const rumours = tracesOf(seeds, minutes, await trustOf(testScheme()))
  const traces = [...rumours, ...overlayTracesOf(seeds)]
  process.stdout.write(`${JSON.stringify(traces)}\n`)
}
