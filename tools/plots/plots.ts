import { defaultPolicy, survival } from '@kithnet/fountain'
import { seededRng } from '@kithnet/kernel'
import { presets } from '@kithnet/membership'
import { reliabilityAfter } from '../sim/a2.ts'
import { firstProbes } from '../sim/a5.ts'
import { detectors } from '../sim/a6.ts'
import { grownGraph, lanViews, redundancyByMessage } from '../sim/a7.ts'
import { symbolsFor } from '../sim/a10.ts'
import { mean } from '../sim/membership-mean.ts'
import { paperViews } from '../sim/membership-network.ts'
import { survivalAt } from '../sim/retention.ts'
import { falsePositives } from '../sim/swim-figures.ts'
import { plainViews, poisoningCurve, shippedViews } from '../sim/view-poisoning.ts'
import type { Chart, Point } from './chart.ts'

/** A drawing of an experiment: made from runs of it, scaled so that all of them take some minutes. */
export interface Plot {
  readonly name: string
  /** Which experiment, how large, and what to see. */
  readonly caption: string
  draw(): Chart | Promise<Chart>
}

const shares = [0.3, 0.5, 0.8, 0.9, 0.95]
/** Source: our reproduction of HyParView's failure curve at 10,000 nodes, cycle by cycle, before this code. */
const reproduced: readonly (readonly [number, number])[] = [
  [0.5, 1],
  [0.8, 1],
  [0.9, 0.994],
  [0.95, 0.918],
]

/** Every plot, in the order of the page. */
export const plots: readonly Plot[] = [
  {
    name: 'reliability-by-failed-share',
    caption:
      'A2 at 800 nodes: a share of the nodes crashes and links reset; the mean over 200 floods, ten seconds later, of the share of survivors reached; at 0.95 those are forty of one seed. ' +
      '`lan` holds on where five neighbours and thirty reserves no longer can.',
    draw: () => ({
      title: 'What a crash leaves of reliability',
      x: { title: 'share of nodes that crashed', domain: [0, 1] },
      y: { title: 'mean reliability', domain: [0.8, 1] },
      points: [
        ...reproduced.map(([x, y]) => ({ series: 'reproduced table, 5/30, 10,000 nodes', x, y })),
        ...(['paper', 'lan'] as const).flatMap((preset) => reliabilityOf(preset)),
      ],
    }),
  },
  {
    name: 'redundancy-by-message',
    caption:
      'A7 at 1,000 nodes: copies beyond the first per node, message by message of one source. The first message floods and prunes; from the second on there is a tree.',
    draw: () => ({
      title: 'Plumtree: a flood becomes a tree',
      x: { title: 'message of the source', values: [1, 2, 3, 4, 5, 6] },
      y: { title: 'redundant copies per node' },
      points: [
        ...redundancyOf('paper, 5/30', paperViews),
        ...redundancyOf('lan, 8 of 10', lanViews),
      ],
      level: { y: 3, text: 'a flood with four others: 3' },
    }),
  },
  {
    name: 'detection-time',
    caption:
      'A5: bare detectors on a full member list, 40 silent crashes a size and preset: periods until somebody has probed the silent member. Flat in the size, as SWIM promises; two probes a period halve it.',
    draw: () => ({
      title: 'First detection of a crash',
      x: { title: 'members', scale: 'log', domain: [16, 256], values: [16, 64, 256] },
      y: { title: 'periods, mean', domain: [0, 1.6] },
      points: (['paper', 'lan'] as const).flatMap((preset) =>
        [16, 64, 256].map((size) => ({
          series: preset,
          x: size,
          y: mean(firstProbes(size, 40, presets[preset].swim, 1)),
        })),
      ),
      level: { y: 1.08, text: 'published: 1.08' },
    }),
  },
  {
    name: 'false-positives',
    caption:
      'A6 at 128 members for two minutes: 16 members stall their messages again and again, a second apart. Deaths declared of members that were never slow, one added so that none can be drawn.',
    draw: () => ({
      title: 'False positives beside 16 slow members',
      x: { title: 'length of a stall, ms', scale: 'log', domain: [500, 32_000] },
      y: { title: 'false deaths + 1', scale: 'log' },
      points: (['published', 'plain', 'full', 'tuned'] as const).flatMap((name) =>
        [500, 2_000, 8_000, 32_000].map((stallMs) => ({
          series: detectorNames[name],
          x: stallMs,
          y:
            1 +
            falsePositives(
              { size: 128, seed: 1, ...detectors[name] },
              { members: 16, stallMs, pauseMs: 1_000 },
            ).falsePositives,
        })),
      ),
    }),
  },
  {
    name: 'view-poisoning',
    caption:
      'A9 at 300 peers: hostile ones push poisoned shuffles and answer with each other. The share of hostile peers in the reserves of honest ones, cycle by cycle; an unbiased sample has their share of the network.',
    draw: () => ({
      title: 'Poisoned reserves',
      x: { title: 'shuffle cycles after the joins' },
      y: { title: 'hostile share of reserves', domain: [0, 1] },
      points: [0.1, 0.2].flatMap((share) => [
        ...poisoningOf(`paper's reserves, ${share * 100} % hostile`, plainViews, share),
        ...poisoningOf(`ranked slots, ${share * 100} % hostile`, shippedViews, share),
      ]),
    }),
  },
  {
    name: 'coded-symbols',
    caption:
      'A10: coded symbols sent per difference between two sets, mean over 200 runs a size (20 at 1,000). An opening without any difference costs one symbol.',
    draw: () => ({
      title: 'What a difference costs',
      x: { title: 'differences', scale: 'log', domain: [1, 1_000] },
      y: { title: 'symbols per difference', domain: [0.8, 2] },
      points: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].map((difference) => {
        const rng = seededRng(`plot ${difference}`)
        const runs = difference >= 500 ? 20 : 200
        const all = Array.from({ length: runs }, () => symbolsFor(difference, rng) / difference)
        return { series: 'measured', x: difference, y: mean(all) }
      }),
      level: { y: 1.35, text: 'published limit: 1.35' },
    }),
  },
  {
    name: 'survival-by-availability',
    caption:
      'retention at 300 peers, 12 contents for 12 hours a point: the share of looks at which the whole shares of honest peers that are there rebuild a content, with one keeper in ten a liar. The curve is what the policy promises: 20 of 26 shares rebuild, 30 holders.',
    draw: async () => ({
      title: 'Survival of a content',
      x: { title: 'share of its time that a peer is there', domain: [0.7, 1] },
      y: { title: 'survival', domain: [0.4, 1] },
      points: [
        ...Array.from({ length: 31 }, (_, step) => 0.7 + step / 100).map((x) => ({
          series: 'exact curve of the policy',
          x,
          y: survival(defaultPolicy, x),
        })),
        ...(await survivalsMeasured()),
      ],
    }),
  },
]

const detectorNames = {
  published: 'SWIM as published',
  plain: 'ours without Lifeguard',
  full: 'with Lifeguard, alpha 5',
  tuned: 'with Lifeguard, alpha 2',
} as const

async function survivalsMeasured(): Promise<Point[]> {
  const points: Point[] = []
  for (const x of [0.75, 0.8, 0.85, 0.9, 0.95]) {
    points.push({ series: 'measured', x, y: await survivalAt(x, 1) })
  }
  return points
}

function reliabilityOf(preset: 'paper' | 'lan'): Point[] {
  const config = preset === 'paper' ? paperViews : presets.lan.views
  const series = preset === 'paper' ? 'paper, 5/30' : 'lan, 8/100'
  return shares.map((share) => {
    const { all } = reliabilityAfter({ config, size: 800, cycles: 12 }, share, 1)
    return { series, x: share, y: all }
  })
}

function redundancyOf(series: string, views: typeof paperViews): Point[] {
  const { spreads } = redundancyByMessage(grownGraph({ nodes: 1_000, cycles: 12 }, views, 1), 1, 6)
  return spreads.map(({ redundancy }, index) => ({ series, x: index + 1, y: redundancy }))
}

function poisoningOf(series: string, config: typeof shippedViews, share: number): Point[] {
  const curve = poisoningCurve(300, config, { share, pushes: 1, behave: 5 }, 32, 1)
  return curve
    .filter(({ cycle }) => cycle % 4 === 0)
    .map(({ cycle, passive }) => ({ series, x: cycle, y: passive }))
}
