import type { RecordGraph } from '../graph/record-graph.ts'
import { type Layout, layered, type LayoutEdge, type Point } from './graph-layout.ts'

/** A record as a drawing shows it. */
export interface DrawnRecord {
  readonly id: string
  readonly parents: readonly string[]
  /** A few characters below the record. */
  readonly label: string
  /** What a pointer that rests on it is told. */
  readonly detail: string
  /** 0 to 3. */
  readonly classification: number
  /** Drawn with a ring. */
  readonly isTip: boolean
  /** Drawn in red: it is part of a conflict or an equivocation. */
  readonly isDisputed: boolean
}

/** The newest records of a graph, at most `maxDrawnRecords`, ancestors first, as a drawing shows them. */
export function drawnRecords(graph: RecordGraph, count: number = maxDrawnRecords): DrawnRecord[] {
  const disputed = new Set<string>()
  for (const { ids } of graph.equivocations()) for (const id of ids) disputed.add(id)
  const from = Math.max(0, graph.size - Math.min(count, maxDrawnRecords))
  return [...graph.ids(from)].map((id) => {
    const { classification, timestamp, zone, depth } = graph.entry(id)!
    const time = Number.isFinite(timestamp) ? timeText(timestamp) : 'no time'
    const where = zone === '' ? '' : `, zone ${zone}`
    return {
      id,
      parents: graph.parents(id),
      label: id.length > labelLength ? `…${id.slice(1 - labelLength)}` : id,
      detail: `${id}\n${classNames[classification]}, ${time}, depth ${depth}${where}`,
      classification,
      isTip: graph.isTip(id),
      isDisputed: disputed.has(id) || graph.conflictOf(id)?.kind === 'different-creators',
    }
  })
}

/**
 * An SVG of records in layers from left to right, every one right of its parents. Parents come before their children
 * in the list; those that are not in it, and those beyond `maxDrawnParents`, are a dotted stub. Nothing of what strangers wrote is markup.
 */
export function drawRecords(records: readonly DrawnRecord[]): string {
  const indexById = new Map(records.map(({ id }, index) => [id, index]))
  const layout = layered(
    records.map(({ parents }) => ({
      before: shownParents(parents, indexById),
    })),
  )
  const width = Math.max(leastWidth, layout.width * columnPx + 2 * marginPx)
  const height = layout.height * rowPx + 2 * marginPx + legendPx
  const cut = records.map(
    ({ parents }) => shownParents(parents, indexById).length < new Set(parents).size,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" ` +
      `viewBox="0 0 ${px(width)} ${px(height)}" font-family="system-ui, sans-serif" font-size="11">`,
    `<title>${records.length} records</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    '<g fill="none" stroke="#9aa4b2" stroke-width="1.5">',
    ...layout.edges.map(drawEdge),
    ...layout.points.filter((_, at) => cut[at]).map(drawStub),
    '</g>',
    ...records.map((record, at) => drawRecord(record, layout.points[at]!)),
    drawLegend(records, layout),
    '</svg>',
    '',
  ].join('\n')
}

/** Indexes of the parents that are in the drawing. */
function shownParents(
  parents: readonly string[],
  indexById: ReadonlyMap<string, number>,
): number[] {
  const shown = [...new Set(parents)].map((id) => indexById.get(id) ?? -1)
  return shown.filter((at) => at >= 0).slice(0, maxDrawnParents)
}

function drawEdge({ points }: LayoutEdge): string {
  const [first, ...rest] = points.map(place)
  let path = `M${px(first!.x)} ${px(first!.y)}`
  let last = first!
  for (const point of rest) {
    const middle = px((last.x + point.x) / 2)
    path += `C${middle} ${px(last.y)} ${middle} ${px(point.y)} ${px(point.x)} ${px(point.y)}`
    last = point
  }
  return `<path d="${path}"/>`
}

function drawStub(point: Point): string {
  const { x, y } = place(point)
  return `<path d="M${px(x)} ${px(y)}h${-stubPx}" stroke-dasharray="2 4"/>`
}

function drawRecord(record: DrawnRecord, point: Point): string {
  const { x, y } = place(point)
  const at = `cx="${px(x)}" cy="${px(y)}"`
  const stroke = record.isDisputed ? disputedColour : '#ffffff'
  const colour = classColours[record.classification] ?? '#000000'
  const ring = record.isTip ? `<circle ${at} r="13" fill="none" stroke="${colour}"/>` : ''
  return (
    `<g><title>${escaped(record.detail)}</title>` +
    `<circle ${at} r="9" fill="${colour}" stroke="${stroke}" stroke-width="3"/>${ring}` +
    `<text x="${px(x)}" y="${px(y + 25)}" text-anchor="middle" fill="#334155" ` +
    `stroke="#ffffff" stroke-width="3" paint-order="stroke">${escaped(record.label)}</text></g>`
  )
}

/** Names the colours that are used, below the drawing. */
function drawLegend(records: readonly DrawnRecord[], layout: Layout): string {
  const y = layout.height * rowPx + 2 * marginPx + legendPx / 2
  const used = classNames.filter((_, at) => records.some((one) => one.classification === at))
  const items = used.map((name) => {
    return { name, look: `fill="${classColours[classNames.indexOf(name)]}"` }
  })
  if (records.some(({ isTip }) => isTip)) {
    items.push({ name: 'tip', look: 'fill="none" stroke="#334155"' })
  }
  if (records.some(({ isDisputed }) => isDisputed)) {
    items.push({
      name: 'disputed',
      look: `fill="none" stroke="${disputedColour}" stroke-width="3"`,
    })
  }
  const drawn = items.map(({ name, look }, at) => {
    const x = marginPx / 2 + at * legendColumnPx
    return (
      `<circle cx="${px(x)}" cy="${px(y)}" r="6" ${look}/>` +
      `<text x="${px(x + 11)}" y="${px(y + 4)}">${name}</text>`
    )
  })
  return `<g fill="#334155">${drawn.join('')}</g>`
}

function place({ x, y }: Point): Point {
  return { x: marginPx + (x + 0.5) * columnPx, y: marginPx + y * rowPx }
}

/** A coordinate with one digit after the point at most. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Text as XML. What XML 1.0 cannot say at all becomes a replacement character. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function timeText(seconds: number): string {
  const ms = seconds * 1000
  return Math.abs(ms) <= mostDateMs ? new Date(ms).toISOString() : `${seconds} s`
}

/** Records of one drawing. Source: our choice; more is not readable. */
export const maxDrawnRecords = 500
/** Lines that come to one record. Source: our choice; more cannot be told apart. */
const maxDrawnParents = 16
const classNames: readonly string[] = ['public', 'private', 'restricted', 'sovereign']
/** Source: our choice; told apart also by readers who see few colours, by their lightness. */
const classColours: readonly string[] = ['#3aa675', '#2f6db5', '#e0a030', '#6b2c91']
const disputedColour = '#d22f27'
const labelLength = 8
const columnPx = 72
const rowPx = 52
const marginPx = 32
const legendPx = 36
const legendColumnPx = 90
const leastWidth = 600
const stubPx = 34
/** Source: ECMA-262, time values. */
const mostDateMs = 8.64e15
