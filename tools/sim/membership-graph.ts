import type { Rng } from '@kithnet/kernel'
import { sample } from '@kithnet/kernel'

/** A graph by neighbour lists; the nodes are the numbers from 0. */
export type Graph = readonly (readonly number[])[]

/** Hops from `source` to each node, -1 where there is no way. */
export function hopsFrom(graph: Graph, source: number): Int32Array {
  const hops = new Int32Array(graph.length).fill(-1)
  const queue = new Int32Array(graph.length)
  let end = 0
  hops[source] = 0
  queue[end++] = source
  for (let start = 0; start < end; start++) {
    const node = queue[start]!
    for (const next of graph[node]!) {
      if (hops[next] !== -1) continue
      hops[next] = hops[node]! + 1
      queue[end++] = next
    }
  }
  return hops
}

/** What a flood from random sources sees of a graph. */
export interface FloodFigures {
  /** Mean hops between a source and the nodes it reaches. */
  readonly meanPathHops: number
  /** Mean, over the sources, of the hops to the last node reached. */
  readonly lastHop: number
  /** Mean share of the nodes that a source reaches, itself included. */
  readonly reached: number
}

/** Floods from `count` random nodes. */
export function flood(graph: Graph, count: number, rng: Rng): FloodFigures {
  const nodes = graph.map((_, node) => node)
  const sources = sample(rng, nodes, count)
  let hopSum = 0
  let pairs = 0
  let lastSum = 0
  let reachedSum = 0
  for (const source of sources) {
    const hops = hopsFrom(graph, source)
    let last = 0
    let reached = 0
    for (const hop of hops) {
      if (hop < 0) continue
      reached++
      hopSum += hop
      if (hop > last) last = hop
    }
    pairs += reached - 1
    lastSum += last
    reachedSum += reached / graph.length
  }
  return {
    meanPathHops: hopSum / Math.max(1, pairs),
    lastHop: lastSum / sources.length,
    reached: reachedSum / sources.length,
  }
}

/** Number of connected components. */
export function components(graph: Graph): number {
  const seen = new Uint8Array(graph.length)
  let count = 0
  const stack: number[] = []
  for (let start = 0; start < graph.length; start++) {
    if (seen[start] === 1) continue
    count++
    seen[start] = 1
    stack.push(start)
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const next of graph[node]!) {
        if (seen[next] === 1) continue
        seen[next] = 1
        stack.push(next)
      }
    }
  }
  return count
}

/** Mean, over all nodes, of the share of pairs of neighbours that are neighbours themselves. */
export function clustering(graph: Graph): number {
  let sum = 0
  for (const neighbours of graph) {
    const pairs = (neighbours.length * (neighbours.length - 1)) / 2
    if (pairs === 0) continue
    let linked = 0
    for (let a = 0; a < neighbours.length; a++) {
      for (let b = a + 1; b < neighbours.length; b++) {
        if (graph[neighbours[a]!]!.includes(neighbours[b]!)) linked++
      }
    }
    sum += linked / pairs
  }
  return sum / graph.length
}
