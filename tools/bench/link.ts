import { join } from 'node:path'
import { createIdentity } from '@kithnet/identity'
import { tlsTransport } from '@kithnet/transport/tls'
import { type Address, addressParts, networkId } from '@kithnet/types'
import { atLeast, atMost, type Benchmark, judge, type Report } from '../report.ts'
import { bareTls } from './peers/bare-tls.ts'
import { kithnet } from './peers/kithnet.ts'
import { slowRelay } from './peers/slow-relay.ts'
import { ackAbove, ackEvery, type Messenger, serveApart, type Subject } from './peers/subject.ts'

/** One length of message, and how it is sent. */
interface Load {
  readonly name: string
  readonly bytes: number
  /** Messages in a round; a round of more than one is pipelined. */
  readonly messages: number
  readonly rounds: number
  readonly quickRounds: number
}

const loads: readonly Load[] = [
  { name: '1KB', bytes: 1_024, messages: 64_000, rounds: 9, quickRounds: 3 },
  { name: '64KB', bytes: 65_536, messages: 1, rounds: 400, quickRounds: 100 },
  { name: '1MB', bytes: 1_048_576, messages: 1, rounds: 120, quickRounds: 40 },
  { name: '100MB', bytes: 104_857_600, messages: 1, rounds: 5, quickRounds: 2 },
]

/** A subject in use: its server in another process, its dialler in this one. */
interface Runner {
  readonly name: string
  readonly messenger: Messenger
  count: number
}

export const benchmark: Benchmark = {
  id: 'link',
  title:
    'link throughput on loopback, two processes, delivered and acknowledged (MB/s), against others in the same run',
  async run({ quick, progress }): Promise<Report> {
    const figures: Record<string, number | string> = {}
    await using stack = new AsyncDisposableStack()
    const runners: Runner[] = []
    for (const [name, subject] of await subjects(progress)) {
      const served = stack.use(await serveApart(join(import.meta.dirname, 'peers', `${name}.ts`)))
      const messenger = await subject.dial(served.address)
      stack.defer(() => messenger.close())
      runners.push({ name, messenger, count: 0 })
    }
    for (const load of loads) {
      progress(`${load.name} messages`)
      const rates = await compare(runners, load, quick ? load.quickRounds : load.rounds)
      for (const [name, rate] of rates) figures[`${name} ${load.name} MB/s`] = rate
      const ours = rates.get('kithnet')!
      figures[`${load.name} of bare TLS`] = ours / rates.get('bare-tls')!
      const libp2p = rates.get('libp2p')
      if (libp2p !== undefined) figures[`${load.name} times libp2p`] = ours / libp2p
    }
    progress('answers while bulk fills 10 Mbit/s')
    Object.assign(figures, await answersDuringBulk(quick ? 5_000_000 : 25_000_000))
    figures['node'] = process.version
    return judge({ id: 'link', seeds: 1, figures, threshold: thresholds })
  },
}

/** Source: `targets.md`. Goals, so that a machine that is busy is not a failed build. */
const thresholds = {
  '1KB times libp2p': { match: null, beat: atLeast(2) },
  '64KB times libp2p': { match: null, beat: atLeast(2) },
  '1MB times libp2p': { match: null, beat: atLeast(2) },
  '100MB times libp2p': { match: null, beat: atLeast(2) },
  '1MB of bare TLS': { match: null, beat: atLeast(0.6) },
  'kithnet 100MB MB/s': { match: null, beat: atLeast(400) },
  'answer p99 during bulk at 10 Mbit/s, over 2 RTT + 50 ms': { match: null, beat: atMost(1) },
  'share of 10 Mbit/s used': { match: null, beat: atLeast(0.85) },
}

/** 10 Mbit/s. */
const slowBytesPerMs = 1_250
/** Just long enough that the listener of `peers/kithnet.ts` answers each. */
const question = new Uint8Array(ackAbove + 1)

/** Delays of urgent questions while a long bulk message is on its way through a slow relay. */
async function answersDuringBulk(bulkBytes: number): Promise<Record<string, number>> {
  await using served = await serveApart(join(import.meta.dirname, 'peers', 'kithnet.ts'))
  const { port } = addressParts(served.address as Address)
  await using relay = await slowRelay(port, slowBytesPerMs)
  const limits = { maxBulkMessageBytes: 134_217_728 }
  const transport = tlsTransport({
    identity: createIdentity(),
    network: networkId('bench'),
    limits,
  })
  const link = await transport.dial(`tls://127.0.0.1:${relay.port}` as Address, {
    firstContact: true,
  })
  const asking = link.open('membership')
  const ask = async (): Promise<number> => {
    const started = performance.now()
    await new Promise<void>((resolve) => {
      asking.onMessage = () => resolve()
      asking.send(question)
    })
    return performance.now() - started
  }
  const idle: number[] = []
  for (let index = 0; index < 20; index++) idle.push(await ask())
  const bulk = link.open('bulk')
  let bulkMs = 0
  const started = performance.now()
  bulk.onMessage = () => {
    bulkMs = performance.now() - started
  }
  bulk.send(new Uint8Array(bulkBytes))
  const busy: number[] = []
  while (bulkMs === 0) {
    busy.push(await ask())
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await transport.close()
  const p99 = busy.toSorted((a, b) => a - b)[Math.floor(busy.length * 0.99)]!
  return {
    'answer when idle at 10 Mbit/s, ms': median(idle),
    'answer p99 during bulk at 10 Mbit/s, ms': p99,
    'answer p99 during bulk at 10 Mbit/s, over 2 RTT + 50 ms': p99 / (2 * median(idle) + 50),
    'share of 10 Mbit/s used': bulkBytes / slowBytesPerMs / bulkMs,
  }
}

/** libp2p is installed for benchmarks only, so it may be absent; then its rows are missing and not reached. */
async function subjects(progress: (text: string) => void): Promise<Map<string, Subject>> {
  const found = new Map<string, Subject>([
    ['kithnet', kithnet],
    ['bare-tls', bareTls],
  ])
  try {
    const { libp2p } = await import('./peers/libp2p.ts')
    found.set('libp2p', libp2p)
  } catch (error) {
    progress(`libp2p is not measured: ${error instanceof Error ? error.message : String(error)}`)
  }
  return found
}

/** Median rate of each subject in MB/s; rounds take turns, so that all meet the same load of the machine. */
async function compare(
  runners: readonly Runner[],
  load: Load,
  rounds: number,
): Promise<Map<string, number>> {
  const timesByName = new Map(runners.map(({ name }) => [name, [] as number[]]))
  // The first round warms up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const message = new Uint8Array(load.bytes).fill(round)
    // Whoever comes after another inherits its garbage, so each comes after each.
    const first = round % runners.length
    const turn = [...runners.slice(first), ...runners.slice(0, first)]
    if (round % 2 === 1) turn.reverse()
    for (const runner of turn) {
      await settled()
      const ms = await measure(runner, load, message)
      if (round > 0) timesByName.get(runner.name)!.push(ms)
    }
  }
  const megabytes = (load.bytes * load.messages) / 1_000
  return new Map([...timesByName].map(([name, times]) => [name, megabytes / median(times)]))
}

/** Milliseconds from the first byte until the other process says that it has had all messages. */
async function measure(runner: Runner, load: Load, message: Uint8Array): Promise<number> {
  // Whole groups, so that the last one is acknowledged.
  const messages = load.messages === 1 ? 1 : load.messages - (runner.count % ackEvery)
  const started = performance.now()
  for (let sent = 0; sent < messages; sent++) {
    const room = runner.messenger.send(message)
    if (room !== undefined) await room
  }
  runner.count += messages
  await runner.messenger.received(runner.count)
  return performance.now() - started
}

/** Lets what the last one left undone be done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
