/** A thing to place, and the indexes of those before it, all smaller than its own. */
export interface Placeable {
  readonly before: readonly number[]
}

/** A point in units: one layer is one wide, one thing one high. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A line from one thing to the next, through where it passes the layers between. */
export interface LayoutEdge {
  readonly from: number
  readonly to: number
  readonly points: readonly Point[]
}

/** Where everything goes. All coordinates are at least 0. */
export interface Layout {
  readonly points: readonly Point[]
  readonly edges: readonly LayoutEdge[]
  /** Layers. */
  readonly width: number
  readonly height: number
}

/**
 * Places a directed acyclic graph in layers, everything after all that comes before it, with few crossings and short
 * lines. The same input gives the same layout.
 *
 * Source: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981, with
 * neighbours' means for order and height.
 */
export function layered(things: readonly Placeable[]): Layout {
  const layerOf = layersOf(things)
  const layers: Vertex[][] = []
  const put = (x: number): Vertex => {
    const layer = (layers[x] ??= [])
    const vertex: Vertex = { x, y: layer.length, before: [], after: [], isBend: true }
    layer.push(vertex)
    return vertex
  }
  const vertices = things.map((_, index) => put(layerOf[index]!))
  for (const vertex of vertices) vertex.isBend = false
  let bends = 0
  const lines = things.flatMap(({ before }, to) =>
    before.map((from) => {
      const line = [vertices[from]!]
      const between = layerOf[to]! - layerOf[from]! - 1
      if (bends + between <= maxBends) {
        bends += between
        for (let at = 1; at <= between; at++) line.push(put(layerOf[from]! + at))
      }
      line.push(vertices[to]!)
      line.slice(1).forEach((vertex, at) => join(line[at]!, vertex))
      return { from, to, line }
    }),
  )
  order(layers)
  straighten(layers)
  const heights = layers.flat().map(({ y }) => y)
  const lowest = heights.reduce((least, y) => Math.min(least, y), heights[0] ?? 0)
  const highest = heights.reduce((most, y) => Math.max(most, y), lowest)
  const pointOf = ({ x, y }: Vertex): Point => ({ x, y: y - lowest })
  return {
    points: vertices.map(pointOf),
    edges: lines.map(({ from, to, line }) => ({ from, to, points: line.map(pointOf) })),
    width: layers.length,
    height: highest - lowest,
  }
}

/** A thing, or where a line bends on its way through a layer. */
interface Vertex {
  readonly x: number
  y: number
  readonly before: Vertex[]
  readonly after: Vertex[]
  isBend: boolean
}

/** Places where lines bend; what comes after that many goes straight. Source: our choice, a drawing in a second. */
const maxBends = 4_000

function join(before: Vertex, after: Vertex): void {
  before.after.push(after)
  after.before.push(before)
}

/** As early as those before allow; what has none before it stands right before the first that needs it. */
function layersOf(things: readonly Placeable[]): number[] {
  const layers: number[] = []
  const firstNeed: number[] = things.map(() => Infinity)
  for (const { before } of things) {
    layers.push(before.reduce((layer, at) => Math.max(layer, layers[at]! + 1), 0))
  }
  for (const [index, { before }] of things.entries()) {
    for (const at of before) firstNeed[at] = Math.min(firstNeed[at]!, layers[index]!)
  }
  return layers.map((layer, index) => {
    const isFree = things[index]!.before.length === 0 && firstNeed[index]! < Infinity
    return isFree ? firstNeed[index]! - 1 : layer
  })
}

/** Sorts each layer by the mean place of the neighbours in the one before, then in the one after, and keeps the best. */
function order(layers: Vertex[][]): void {
  let best = layers.map((layer) => layer.slice())
  let fewest = crossings(layers)
  for (let sweep = 0; sweep < orderSweeps && fewest > 0; sweep++) {
    const isForward = sweep % 2 === 0
    for (const layer of isForward ? layers : layers.toReversed()) {
      const means = new Map(
        layer.map((vertex) => [vertex, mean(isForward ? vertex.before : vertex.after) ?? vertex.y]),
      )
      layer.sort((a, b) => means.get(a)! - means.get(b)! || a.y - b.y)
      for (const [y, vertex] of layer.entries()) vertex.y = y
    }
    const count = crossings(layers)
    if (count >= fewest) continue
    fewest = count
    best = layers.map((layer) => layer.slice())
  }
  for (const [x, layer] of best.entries()) {
    layers[x] = layer
    for (const [y, vertex] of layer.entries()) vertex.y = y
  }
}

function crossings(layers: readonly (readonly Vertex[])[]): number {
  let count = 0
  for (const layer of layers) {
    const ends: number[] = []
    for (const vertex of layer) {
      const own = vertex.after.map(({ y }) => y).toSorted((a, b) => a - b)
      for (const y of own) for (const other of ends) if (other > y) count++
      ends.push(...own)
    }
  }
  return count
}

/** Moves every vertex towards the mean height of its neighbours, as far as those beside it leave room. */
function straighten(layers: readonly (readonly Vertex[])[]): void {
  for (let sweep = 0; sweep < straightenSweeps; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : layers.toReversed()) {
      const wanted = layer.map((vertex) => mean([...vertex.before, ...vertex.after]) ?? vertex.y)
      const down = wanted.slice()
      const up = wanted.slice()
      for (let at = 1; at < layer.length; at++) {
        down[at] = Math.max(down[at]!, down[at - 1]! + room(layer[at - 1]!, layer[at]!))
      }
      for (let at = layer.length - 2; at >= 0; at--) {
        up[at] = Math.min(up[at]!, up[at + 1]! - room(layer[at]!, layer[at + 1]!))
      }
      for (const [at, vertex] of layer.entries()) vertex.y = (down[at]! + up[at]!) / 2
    }
  }
}

/** How far apart two neighbours of a layer stand at least. */
function room(a: Vertex, b: Vertex): number {
  if (a.isBend && b.isBend) return 0.35
  return a.isBend || b.isBend ? 0.6 : 1
}

function mean(vertices: readonly Vertex[]): number | undefined {
  if (vertices.length === 0) return undefined
  return vertices.reduce((sum, { y }) => sum + y, 0) / vertices.length
}

/** Source: our choice; more change nothing that one sees. */
const orderSweeps = 16
/** Source: our choice. */
const straightenSweeps = 24
