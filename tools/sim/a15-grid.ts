/**
 * The grid of A15: messages a second by authors, with what ships and with a signature for each message.
 *
 * Set-up: bare pubsub machines on a random graph of 8 links each, as many nodes as authors but 16 at least, 10 ms a hop,
 * 0.53 ms a signature, 0.12 ms a check; trees stand before the count begins; authors publish 1 KB in turn at even pauses.
 */
import { seededRng } from '@kithnet/kernel'
import { encodeFrame } from '@kithnet/overlay'
import { randomGraph } from './a8.ts'
import { mean, rounded } from './membership-mean.ts'
import { BroadcastWorld } from './overlay-broadcast.ts'
import { quantile } from './overlay-world.ts'

const payloadBytes = 1_024
const degree = 8

interface Cell {
  readonly perSecond: number
  readonly authors: number
}

interface Cost {
  readonly bytesPerHop: number
  readonly checks: number
  readonly p50Ms: number
  readonly p99Ms: number
}

function measure({ perSecond, authors }: Cell, single: boolean, seed: number): Cost {
  const nodes = Math.max(16, authors)
  let [bytes, copies] = [0, 0]
  const world = new BroadcastWorld(randomGraph(nodes, degree, seededRng(`grid ${seed}`)), seed, {
    config: single ? { flushMinMs: 0, flushMaxMs: 0 } : {},
    onSend: (message) => {
      if (message.type !== 'eager' && message.type !== 'batch') return
      bytes += encodeFrame({ type: 'pubsub', message }).length
      if (message.type === 'eager') copies++
    },
  })
  for (let author = 0; author < authors; author++) {
    world.publish(author, payloadBytes)
    world.network.run(20)
  }
  world.network.run(3_000)
  const before = { bytes, copies, checks: world.verifications, sent: world.publications.length }
  const count = Math.max(10, Math.min(1_000, perSecond * 3))
  for (let sent = 0; sent < count; sent++) {
    world.publish(sent % authors, payloadBytes)
    world.network.run(1_000 / perSecond)
  }
  world.network.run(3_000)
  const counted = world.publications.slice(before.sent)
  const delays = counted.flatMap((one) => [...one.delaysMs].filter((ms) => !Number.isNaN(ms)))
  return {
    bytesPerHop: (bytes - before.bytes) / (copies - before.copies),
    checks: (world.verifications - before.checks) / delays.length,
    p50Ms: quantile(delays, 0.5),
    p99Ms: quantile(delays, 0.99),
  }
}

/** Figures by rate and authors, as in `bytesPerHop100by16`. */
export function batchGrid(
  quick: boolean,
  seeds: readonly number[],
  progress: (text: string) => void,
): Readonly<Record<string, number>> {
  const figures: Record<string, number> = {}
  const bytesToSingle: number[] = []
  const checksToSingle: number[] = []
  for (const authors of quick ? [16] : [1, 16, 256]) {
    for (const perSecond of quick ? [100] : [1, 10, 100, 1_000]) {
      const name = `${perSecond}by${authors}`
      const over = (single: boolean): Cost => {
        const costs = seeds.map((seed) => measure({ perSecond, authors }, single, seed))
        const of = (pick: (cost: Cost) => number): number => mean(costs.map(pick))
        return {
          bytesPerHop: of((cost) => cost.bytesPerHop),
          checks: of((cost) => cost.checks),
          p50Ms: of((cost) => cost.p50Ms),
          p99Ms: of((cost) => cost.p99Ms),
        }
      }
      const [ours, single] = [over(false), over(true)]
      bytesToSingle.push(ours.bytesPerHop / single.bytesPerHop)
      checksToSingle.push(ours.checks / single.checks)
      figures[`bytesPerHop${name}`] = rounded(ours.bytesPerHop)
      figures[`singleBytesPerHop${name}`] = rounded(single.bytesPerHop)
      figures[`messagesPerCheck${name}`] = rounded(1 / ours.checks)
      figures[`addedP50Ms${name}`] = rounded(ours.p50Ms - single.p50Ms)
      figures[`addedP99Ms${name}`] = rounded(ours.p99Ms - single.p99Ms)
      progress(`${perSecond} messages a second by ${authors}`)
    }
  }
  figures['gridMostBytesToSingle'] = rounded(Math.max(...bytesToSingle), 4)
  figures['gridMostChecksToSingle'] = rounded(Math.max(...checksToSingle), 4)
  return figures
}
