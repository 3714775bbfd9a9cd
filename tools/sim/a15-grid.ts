/**
 * The grid of A15: messages a second by authors, with what ships and with a signature for each message.
 *
 * Set-up: bare pubsub machines on a random graph of 8 links each, as many nodes as authors but 16 at least, 10 ms a hop,
 * 0.53 ms a signature, 0.12 ms a check; trees stand before the count begins; authors publish 1 KB in turn at even pauses.
 * The rates follow each other in one network, slow ones first. 256 authors take minutes a seed and have the first alone.
 */
import { seededRng } from '@kithnet/kernel'
import { encodeFrame } from '@kithnet/overlay'
import { randomGraph } from './a8.ts'
import { mean, rounded } from './membership-mean.ts'
import { BroadcastWorld } from './overlay-broadcast.ts'
import { quantile } from './overlay-world.ts'

const payloadBytes = 1_024
const degree = 8

interface Cost {
  readonly bytesPerHop: number
  readonly checks: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The costs at each rate. */
function measure(
  rates: readonly number[],
  authors: number,
  single: boolean,
  seed: number,
): readonly Cost[] {
  const nodes = Math.max(16, authors)
  const sent = { bytes: 0, copies: 0 }
  const world = new BroadcastWorld(randomGraph(nodes, degree, seededRng(`grid ${seed}`)), seed, {
    config: single ? { flushMinMs: 0, flushMaxMs: 0 } : {},
    onSend: (message) => {
      if (message.type !== 'eager' && message.type !== 'batch') return
      sent.bytes += encodeFrame({ type: 'pubsub', message }).length
      if (message.type === 'eager') sent.copies++
    },
  })
  for (let author = 0; author < authors; author++) {
    world.publish(author, payloadBytes)
    world.network.run(20)
  }
  world.network.run(3_000)
  return rates.map((perSecond) => {
    const before = { ...sent, checks: world.verifications, sent: world.publications.length }
    const count = Math.max(10, Math.min(1_000, perSecond * 3))
    for (let turn = 0; turn < count; turn++) {
      world.publish(turn % authors, payloadBytes)
      world.network.run(1_000 / perSecond)
    }
    world.network.run(3_000)
    const counted = world.publications.slice(before.sent)
    const delays = counted.flatMap((one) => [...one.delaysMs].filter((ms) => !Number.isNaN(ms)))
    return {
      bytesPerHop: (sent.bytes - before.bytes) / (sent.copies - before.copies),
      checks: (world.verifications - before.checks) / delays.length,
      p50Ms: quantile(delays, 0.5),
      p99Ms: quantile(delays, 0.99),
    }
  })
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
  const rates = quick ? [100] : [1, 10, 100, 1_000]
  for (const authors of quick ? [16] : [1, 16, 256]) {
    const measured = authors > 16 ? seeds.slice(0, 1) : seeds
    const over = (single: boolean): readonly Cost[] => {
      const runs = measured.map((seed) => measure(rates, authors, single, seed))
      return rates.map((_, rate) => {
        const of = (pick: (cost: Cost) => number): number =>
          mean(runs.map((run) => pick(run[rate]!)))
        return {
          bytesPerHop: of((cost) => cost.bytesPerHop),
          checks: of((cost) => cost.checks),
          p50Ms: of((cost) => cost.p50Ms),
          p99Ms: of((cost) => cost.p99Ms),
        }
      })
    }
    const [all, allSingle] = [over(false), over(true)]
    for (const [rate, perSecond] of rates.entries()) {
      const name = `${perSecond}by${authors}`
      const [ours, single] = [all[rate]!, allSingle[rate]!]
      bytesToSingle.push(ours.bytesPerHop / single.bytesPerHop)
      checksToSingle.push(ours.checks / single.checks)
      figures[`bytesPerHop${name}`] = rounded(ours.bytesPerHop)
      figures[`singleBytesPerHop${name}`] = rounded(single.bytesPerHop)
      figures[`messagesPerCheck${name}`] = rounded(1 / ours.checks)
      figures[`addedP50Ms${name}`] = rounded(ours.p50Ms - single.p50Ms)
      figures[`addedP99Ms${name}`] = rounded(ours.p99Ms - single.p99Ms)
    }
    progress(`grid of ${authors} authors`)
  }
  figures['gridMostBytesToSingle'] = rounded(Math.max(...bytesToSingle), 4)
  figures['gridMostChecksToSingle'] = rounded(Math.max(...checksToSingle), 4)
  return figures
}
