import { atLeast, atMost, type Benchmark, judge } from '../report.ts'
import { Fleet, type RunResult } from './fleet/fleet.ts'

/** Broadcast of 1 KB messages between processes on loopback, signatures on, beside a flood that signs nothing. */
export const benchmark: Benchmark = {
  id: 'broadcast',
  title: '1 KB messages between 8 and 16 processes, beside a flood over bare post-quantum TLS',
  run: async ({ quick, progress }) => {
    const ms = quick ? 2_000 : 6_000
    const figures: Record<string, number> = {}
    progress('8 nodes: start')
    const eight = await Fleet.start('broadcast-node.ts', 8, (_, ready) => [ready[0]!])
    try {
      await eight.run({ ms: 1_000, perSecondEach: 20, bytes: 1024 })
      for (const wanted of [1_000, 3_000]) {
        progress(`8 nodes: ${wanted} messages a second reach each`)
        // Each node gets what the seven others publish.
        const results = await eight.run({ ms, perSecondEach: wanted / 7, bytes: 1024 })
        Object.assign(figures, busyFigures(results, `at${wanted}`, ms))
      }
    } finally {
      eight.kill()
    }
    const sixteen = quick ? 8 : 16
    for (const [name, script] of [
      ['ours', 'broadcast-node.ts'],
      ['floor', 'flood-node.ts'],
    ] as const) {
      progress(`${sixteen} nodes: paced, ${name}`)
      const fleet = await Fleet.start(script, sixteen, (index, ready) =>
        name === 'ours' ? [ready[0]!] : floorContacts(index, ready),
      )
      try {
        await fleet.run({ ms: 1_000, perSecondEach: 5, bytes: 1024 })
        const results = await fleet.run({
          ms: quick ? 3_000 : 10_000,
          perSecondEach: 20 / sixteen,
          bytes: 1024,
        })
        figures[`${name}PacedP50Ms`] = quantile(results, 0.5)
        figures[`${name}PacedP99Ms`] = quantile(results, 0.99)
        figures[`${name}PacedDeliveredShare`] = deliveredShare(results)
      } finally {
        fleet.kill()
      }
    }
    figures['p99AboveFloorMs'] = figures['oursPacedP99Ms']! - figures['floorPacedP99Ms']!
    return judge({
      id: 'broadcast',
      seeds: 1,
      figures,
      threshold: {
        at1000DeliveredShare: { match: atLeast(1), beat: null },
        at1000WireBytesPerPayloadByte: { match: null, beat: atMost(1.5) },
        at3000PerNode: { match: null, beat: atLeast(3_000 * 0.99) },
        at3000CpuUsPerDelivery: { match: null, beat: atMost(60) },
        at3000WireBytesPerPayloadByte: { match: null, beat: atMost(1.5) },
        oursPacedDeliveredShare: { match: atLeast(1), beat: null },
        p99AboveFloorMs: { match: null, beat: atMost(4) },
      },
    })
  },
}

/** The graph of the published comparison: the three before, and one at random. */
function floorContacts(index: number, ready: readonly string[]): readonly string[] {
  const before = ready.slice(Math.max(0, index - 3), index)
  const other = ready[Math.floor(Math.random() * index)]!
  return [...new Set([...before, other])]
}

function busyFigures(
  results: readonly RunResult[],
  name: string,
  ms: number,
): Record<string, number> {
  const delivered = sum(results, (one) => one.delivered)
  return {
    [`${name}PerNode`]: delivered / results.length / (ms / 1000),
    [`${name}DeliveredShare`]: deliveredShare(results),
    [`${name}Duplicates`]: sum(results, (one) => one.duplicates),
    [`${name}CpuUsPerDelivery`]: sum(results, (one) => one.cpuUs) / delivered,
    [`${name}WireBytesPerPayloadByte`]: sum(results, (one) => one.bytesSent) / (delivered * 1024),
    [`${name}P50Ms`]: quantile(results, 0.5),
    [`${name}P99Ms`]: quantile(results, 0.99),
    [`${name}RssMb`]: Math.max(...results.map((one) => one.rssBytes)) / 1e6,
  }
}

/** Of all that each node should have got from the others, the share that it got. */
function deliveredShare(results: readonly RunResult[]): number {
  const published = sum(results, (one) => one.published)
  return sum(results, (one) => one.delivered) / (published * (results.length - 1))
}

function quantile(results: readonly RunResult[], share: number): number {
  const sorted = results.flatMap((one) => one.latenciesMs).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function sum(results: readonly RunResult[], pick: (result: RunResult) => number): number {
  return results.reduce((total, one) => total + pick(one), 0)
}
