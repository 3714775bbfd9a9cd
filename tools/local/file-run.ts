import { readFileSync } from 'node:fs'
import { type Line, quantile, sha256Of } from './line-ledger.ts'
import { linesTopic, type LocalNetwork, type Member } from './local-network.ts'

/** What became of a file: the JSON line of `npm start -- --once --json`. */
export interface Summary {
  readonly ok: boolean
  /** Nodes that take part: the peers and the coordinator. */
  readonly peers: number
  readonly linesPublished: number
  readonly linesDelivered: Readonly<Record<string, number>>
  readonly duplicates: number
  readonly verificationFailures: number
  readonly sha256: { readonly source: string; readonly peers: Readonly<Record<string, string>> }
  readonly meshMs: number
  readonly latencyMs: { readonly p50: number; readonly p99: number }
  /** CPU of all processes while the file was under way, for each line that reached a node. */
  readonly cpuUsPerDelivery: number
  /** Bytes on all links meanwhile, for each line that reached a node. */
  readonly bytesPerDelivery: number
  readonly suite: string
}

/**
 * Publishes each line of a file as a message, by the peers in turn, and waits until the coordinator and all peers
 * have all lines. They get each other's over the network, and a publisher its own from its own node.
 */
export async function publishFile(
  network: LocalNetwork,
  path: string,
  meshMs: number,
): Promise<Summary> {
  const lines = readFileSync(path, 'utf8').split('\n')
  const members = network.running
  const publishers = network.peers.filter((peer) => peer.program !== undefined)
  const before = await usageOf(network)
  for (const [n, text] of lines.entries()) {
    const publisher = publishers[n % publishers.length]!
    const line: Line = { n, text, sentMs: performance.timeOrigin + performance.now() }
    await network.publish(publisher, linesTopic, line)
  }
  await allDelivered(members, lines.length)
  // A duplicate would come after the first copy: give it the time to.
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  const after = await usageOf(network)
  return summaryOf(network, members, lines, meshMs, {
    cpuUs: after.cpuUs - before.cpuUs,
    bytes: after.bytes - before.bytes,
    suite: after.suite,
  })
}

interface Usage {
  readonly cpuUs: number
  readonly bytes: number
  readonly suite: string
}

async function usageOf(network: LocalNetwork): Promise<Usage> {
  let cpuUs = 0
  let bytes = 0
  const suites = new Set<string>()
  for (const member of network.running) {
    const status = await network.status(member)
    cpuUs += status.process.cpuUs
    bytes += status.traffic.bytesSent
    for (const link of await network.links(member)) suites.add(link.suite)
  }
  return { cpuUs, bytes, suite: [...suites].join(', ') }
}

async function allDelivered(members: readonly Member[], lines: number): Promise<void> {
  const deadline = Date.now() + deliveryTimeoutMs
  while (members.some((member) => member.ledger.delivered < lines)) {
    // The summary says what is missing.
    if (Date.now() > deadline) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function summaryOf(
  network: LocalNetwork,
  members: readonly Member[],
  lines: readonly string[],
  meshMs: number,
  usage: Usage,
): Summary {
  const source = sha256Of(lines)
  const hashes = Object.fromEntries(members.map((one) => [one.peer, one.ledger.sha256()]))
  const delivered = Object.fromEntries(members.map((one) => [one.peer, one.ledger.delivered]))
  const duplicates = sum(members.map((one) => one.ledger.duplicates))
  const verificationFailures = sum(network.members.map((one) => one.verificationFailures))
  const latencies = members.flatMap((one) => one.latenciesMs)
  const deliveries = lines.length * members.length
  const ok =
    duplicates === 0 &&
    verificationFailures === 0 &&
    members.every((one) => one.ledger.delivered === lines.length && hashes[one.peer] === source)
  return {
    ok,
    peers: network.running.length,
    linesPublished: lines.length,
    linesDelivered: delivered,
    duplicates,
    verificationFailures,
    sha256: { source, peers: hashes },
    meshMs,
    latencyMs: { p50: round(quantile(latencies, 0.5)), p99: round(quantile(latencies, 0.99)) },
    cpuUsPerDelivery: Math.round(usage.cpuUs / deliveries),
    bytesPerDelivery: Math.round(usage.bytes / deliveries),
    suite: usage.suite,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}

/** Source: our choice; two periods of the slowest repair, on a busy machine. */
const deliveryTimeoutMs = 60_000
const settleMs = 300
