import { join } from 'node:path'
import { atLeast, atMost, type Benchmark, exactly, judge, type Threshold } from '../report.ts'
import { compiled } from './fleet/compiled.ts'
import { Fleet, type RunResult } from './fleet/fleet.ts'
import { arrivedShare, latencyMs, sum } from './fleet/results.ts'

/** Whose broadcast is measured, and the script of its nodes. */
const subjects = {
  ours: () => compiled('broadcast-node.ts'),
  /** Signs nothing, repairs nothing and knows no membership: what a flood over the same TLS can do. */
  floor: () => compiled('flood-node.ts'),
  gossipsub: () => Promise.resolve(join(import.meta.dirname, 'peers', 'gossipsub-node.ts')),
} as const

type SubjectName = keyof typeof subjects

/** Lengths of the phases, in milliseconds. */
interface Phases {
  readonly warmMs: number
  readonly pacedMs: number
  readonly closedMs: number
}

/**
 * Set-up: every node is a process; all subjects have one graph (three nodes before and one more are dialled), payloads
 * of 1,024 random bytes and the same phases. Warm-up: closed loop, 8 ahead. Paced: all nodes together publish 300
 * deliveries a second, each message on its own schedule; latency counts from there, so a late process is late. Closed
 * loop: each node is at most 64 messages ahead of the slowest author that it hears, which is the most that all can carry
 * together. Figures of the closed loop are within its time; what is delivered counts at the application. Bytes are those
 * written to sockets. Source: the method of the published comparison, with processes in place of one event loop.
 */
export const benchmark: Benchmark = {
  id: 'broadcast',
  title: '1 KB messages between processes, beside gossipsub and a flood over bare post-quantum TLS',
  run: async ({ quick, progress }) => {
    const sizes = quick ? [8] : [8, 16, 32]
    const phases = quick
      ? { warmMs: 1_000, pacedMs: 2_000, closedMs: 2_000 }
      : { warmMs: 3_000, pacedMs: 10_000, closedMs: 5_000 }
    const figures: Record<string, number | string> = {}
    for (const size of sizes) {
      for (const name of Object.keys(subjects) as SubjectName[]) {
        progress(`${size} nodes: ${name}`)
        try {
          Object.assign(figures, await measure(name, size, phases))
        } catch (error) {
          // gossipsub is installed for benchmarks only: where it is absent its rows are missing and not reached.
          if (name !== 'gossipsub') throw error
          progress(`gossipsub is not measured: ${String(error)}`)
        }
      }
      const perNode = (name: SubjectName): number => Number(figures[`${name} ${size} msg/s a node`])
      figures[`${size} times gossipsub`] = perNode('ours') / perNode('gossipsub')
      figures[`${size} floor's times ours`] = perNode('floor') / perNode('ours')
      figures[`${size} p99 above floor ms`] =
        Number(figures[`ours ${size} p99 ms`]) - Number(figures[`floor ${size} p99 ms`])
    }
    figures['node'] = process.version
    return judge({ id: 'broadcast', seeds: 1, figures, threshold: thresholdsFor(sizes) })
  },
}

/** Source: `targets.md`. Speed is a goal and no more, so that a machine that is busy is not a failed build. */
function thresholdsFor(sizes: readonly number[]): Readonly<Record<string, Threshold>> {
  const threshold: Record<string, Threshold> = {}
  for (const size of sizes) {
    threshold[`ours ${size} paced share`] = { match: exactly(1), beat: null }
    threshold[`ours ${size} isolated`] = { match: exactly(0), beat: null }
    threshold[`${size} times gossipsub`] = { match: null, beat: atLeast(20) }
    threshold[`${size} floor's times ours`] = { match: null, beat: atMost(3) }
  }
  return {
    ...threshold,
    'ours 8 msg/s a node': { match: null, beat: atLeast(3_000) },
    'ours 8 CPU us': { match: null, beat: atMost(60) },
    'ours 8 wire per payload byte': { match: null, beat: atMost(1.5) },
    ...(sizes.includes(16) ? { '16 p99 above floor ms': { match: null, beat: atMost(4) } } : {}),
  }
}

async function measure(
  name: SubjectName,
  size: number,
  { warmMs, pacedMs, closedMs }: Phases,
): Promise<Record<string, number>> {
  const fleet = await Fleet.start(await subjects[name](), size)
  try {
    const closed = (window: number, ms: number): Promise<readonly RunResult[]> =>
      fleet.run({ ms, load: { kind: 'closed', window, authors: size }, bytes: payloadBytes })
    await closed(8, warmMs)
    const perSecond = 300 / (size - 1) / size
    const load = { kind: 'paced', perSecond, authors: size } as const
    const paced = await fleet.run({ ms: pacedMs, load, bytes: payloadBytes })
    const busy = await closed(64, closedMs)
    const delivered = sum(busy, (one) => one.delivered)
    const wireBytes = sum(busy, (one) => one.wireBytes) / delivered
    const figures = {
      'msg/s a node': sum(busy, (one) => (one.delivered * 1_000) / one.ms) / size,
      'CPU us': sum(busy, (one) => one.cpuUs) / delivered,
      'wire per payload byte': wireBytes / payloadBytes,
      'paced share': arrivedShare(paced),
      'busy share': arrivedShare(busy),
      'paced CPU us': sum(paced, (one) => one.cpuUs) / sum(paced, (one) => one.delivered),
      'p50 ms': latencyMs(paced, 0.5),
      'p95 ms': latencyMs(paced, 0.95),
      'p99 ms': latencyMs(paced, 0.99),
      'busy p99 ms': latencyMs(busy, 0.99),
      'idle RSS MB': fleet.idleRssBytes / 1e6,
      'loaded RSS MB': sum(busy, (one) => one.rssBytes) / size / 1e6,
      isolated: isolated(paced, busy),
    }
    return Object.fromEntries(
      Object.entries(figures).map(([figure, value]) => [`${name} ${size} ${figure}`, value]),
    )
  } finally {
    fleet.kill()
  }
}

/** Nodes that hardly anything reached in one of the runs. */
function isolated(...runs: readonly (readonly RunResult[])[]): number {
  const cutOff = new Set<number>()
  for (const results of runs) {
    const published = sum(results, (one) => one.published)
    for (const [index, one] of results.entries()) {
      if (one.arrived < (published - one.published) * cutOffShare) cutOff.add(index)
    }
  }
  return cutOff.size
}

const payloadBytes = 1_024
/** Source: our choice; a node that is overloaded gets more, one that is cut off gets nothing. */
const cutOffShare = 0.1
