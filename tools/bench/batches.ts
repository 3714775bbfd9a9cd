import { atMost, type Benchmark, judge } from '../report.ts'
import { compiled } from './fleet/compiled.ts'
import { Fleet } from './fleet/fleet.ts'
import { arrivedShare, latencyMs, sum } from './fleet/results.ts'

/** How many nodes publish, and how often each. */
interface Row {
  readonly name: string
  readonly authors: number
  readonly perSecond: number
}

const rows: readonly Row[] = [
  { name: '1 author, idle', authors: 1, perSecond: 1 },
  { name: '1 author, busy', authors: 1, perSecond: 320 },
  { name: '16 authors, idle', authors: 16, perSecond: 1 },
  { name: '16 authors, busy', authors: 16, perSecond: 24 },
]

/**
 * What signing in batches saves between real processes. Bytes of a hop are all bytes written to sockets, membership and
 * keepalives included, over messages delivered; so an idle network's are many. Checks are of batches, over messages and
 * receivers. Signing each message by itself is the row of the idle authors: one check a message.
 */
export const benchmark: Benchmark = {
  id: 'batches',
  title: 'bytes of a hop and signature checks of a message, 16 processes',
  run: async ({ quick, progress }) => {
    const ms = quick ? 3_000 : 10_000
    const figures: Record<string, number> = {}
    progress('start')
    const fleet = await Fleet.start(await compiled('broadcast-node.ts'), nodes, {
      COUNT_CHECKS: '1',
    })
    try {
      await fleet.run({ ms: 3_000, load: { kind: 'closed', window: 4, authors: nodes }, bytes })
      for (const { name, authors, perSecond } of rows) {
        progress(name)
        const results = await fleet.run({ ms, load: { kind: 'paced', perSecond, authors }, bytes })
        const arrived = sum(results, (one) => one.arrived)
        figures[`${name}: bytes a hop`] = sum(results, (one) => one.wireBytes) / arrived
        figures[`${name}: checks a message`] = sum(results, (one) => one.checks) / arrived
        figures[`${name}: p50 ms`] = latencyMs(results, 0.5)
        figures[`${name}: p99 ms`] = latencyMs(results, 0.99)
        figures[`${name}: share`] = arrivedShare(results)
      }
    } finally {
      fleet.kill()
    }
    return judge({
      id: 'batches',
      seeds: 1,
      figures,
      threshold: {
        '1 author, busy: bytes a hop': { match: null, beat: atMost(1.5 * bytes) },
        '1 author, busy: checks a message': { match: atMost(1 / 6), beat: null },
        '16 authors, busy: checks a message': { match: atMost(1), beat: atMost(1 / 2) },
      },
    })
  },
}

const nodes = 16
const bytes = 1_024
