import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** A point of a line; lines are told apart by `series`. */
export interface Point {
  readonly series: string
  readonly x: number
  readonly y: number
}

/** An axis: its words, and how it is divided. */
export interface Axis {
  readonly title: string
  readonly scale?: 'linear' | 'log'
  /** Default: what the data span, zero included when linear. */
  readonly domain?: readonly [number, number]
  /** Where there are marks; default: as it fits. */
  readonly values?: readonly number[]
}

/** A drawing of lines. */
export interface Chart {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly points: readonly Point[]
  /** A level that is promised or published, drawn dashed. */
  readonly level?: { readonly y: number; readonly text: string }
}

type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number]

const width = 560
const height = 300

/** The chart as SVG text, the same for the same data. */
export async function drawChart(chart: Chart): Promise<string> {
  const view = new View(parse(compile(specOf(chart)).spec), { renderer: 'none' })
  try {
    return `${await view.toSVG()}\n`
  } finally {
    view.finalize()
  }
}

function specOf({ title, x, y, points, level }: Chart): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title,
    width,
    height,
    background: 'white',
    config: { legend: { labelLimit: 400 } },
    data: { values: points.map((point) => ({ ...point })) },
    layer: [
      {
        mark: { type: 'line', point: { filled: true, size: 40 } },
        encoding: {
          x: { field: 'x', type: 'quantitative', ...axisOf(x) },
          y: { field: 'y', type: 'quantitative', ...axisOf(y) },
          color: { field: 'series', type: 'nominal', title: null, sort: null },
        },
      },
      ...(level === undefined ? [] : levelOf(level)),
    ],
  }
}

function levelOf({ y, text }: NonNullable<Chart['level']>): Layer[] {
  const data = { values: [{ y, text }] }
  const encoding = { y: { field: 'y', type: 'quantitative' } } as const
  return [
    { data, mark: { type: 'rule', strokeDash: [4, 4], color: '#666' }, encoding },
    {
      data,
      mark: { type: 'text', align: 'left', baseline: 'bottom', dy: -3, color: '#666' },
      encoding: { ...encoding, x: { value: 4 }, text: { field: 'text' } },
    },
  ]
}

function axisOf({ title, scale, domain, values }: Axis): object {
  return {
    title,
    scale: { type: scale ?? 'linear', ...(domain === undefined ? {} : { domain: [...domain] }) },
    axis: values === undefined ? {} : { values: [...values] },
  }
}
