import { fork } from 'node:child_process'
import { join } from 'node:path'
import { RecordGraph, type RecordHeader } from '@kithnet/dag'
import { epochMs, seededRng } from '@kithnet/kernel'
import { atMost, type BenchmarkOptions, type Figure, type Threshold } from '../../report.ts'
import { randomId } from './synthetic.ts'

/** What the process of its own reports. */
export interface GraphProcessReport {
  readonly insertMs: number
  readonly tipsUs: number
  /** All ancestors of the newest record, which are all others. */
  readonly ancestorsMs: number
  /** Of two records drawn at random. */
  readonly relationUs: number
  readonly queryUs: number
  /** The first search by hash and by content, which list all records. */
  readonly firstLookupsMs: number
  /** Of the index after the last insert, and after every part of it was used. */
  readonly insertedBytes: number
  readonly usedBytes: number
}

/** The index in memory, doing the same work as elara-runtime's own benchmark, and at a million records. */
export async function graphFigures({
  quick,
  progress,
}: BenchmarkOptions): Promise<Record<string, Figure>> {
  progress('10,000 records')
  const rounds = quick ? 5 : 60
  const samples = Array.from({ length: rounds + warmUpRounds }, smallRound).slice(warmUpRounds)
  const middle = (name: keyof SmallRound): number =>
    samples.map((sample) => sample[name]).toSorted((a, b) => a - b)[rounds >> 1]!
  const insert10kMs = cpuMsOf(rounds, () => chain(shortName))
  const insert10kUuidsMs = cpuMsOf(rounds, () => chain((index) => uuids[index]!))
  const count = quick ? 20_000 : 1_000_000
  progress(`${count.toLocaleString('en')} records`)
  const large = await inProcess(count, 'plain')
  const chained = await inProcess(count, 'chained')
  return {
    insert10kMs,
    insert10kUuidsMs,
    tips10kUs: middle('tipsUs'),
    tipsWide10kMs: middle('wideTipsMs'),
    ancestors9999Ms: middle('ancestorsMs'),
    descendants9999Ms: middle('descendantsMs'),
    ancestorsDepth50Us: middle('depth50Us'),
    largeRecords: count,
    largeInsertUs: (large.insertMs * 1000) / count,
    largeTipsUs: large.tipsUs,
    largeAncestorsMs: large.ancestorsMs,
    largeRelationUs: large.relationUs,
    largeQueryUs: large.queryUs,
    largeFirstLookupsMs: large.firstLookupsMs,
    bytesPerRecordFresh: large.insertedBytes / count,
    bytesPerRecord: large.usedBytes / count,
    bytesPerRecordChained: chained.usedBytes / count,
  }
}

/** Source: elara-runtime's benchmark on this kind of machine, and what is asked of a million records. */
export const graphThresholds: Readonly<Record<string, Threshold>> = {
  bytesPerRecordFresh: { match: atMost(250), beat: null },
  bytesPerRecord: { match: null, beat: atMost(250) },
  insert10kMs: { match: null, beat: atMost(8.8) },
  tips10kUs: { match: null, beat: atMost(1) },
  ancestors9999Ms: { match: null, beat: atMost(1.59) },
  largeTipsUs: { match: null, beat: atMost(1) },
}

interface SmallRound {
  readonly tipsUs: number
  readonly wideTipsMs: number
  readonly ancestorsMs: number
  readonly descendantsMs: number
  readonly depth50Us: number
}

const warmUpRounds = 3
const small = 10_000
const rng = seededRng('bench dag')
const hashes = Array.from({ length: small + 1 }, () => rng.bytes(32))
const contents = Array.from({ length: small + 1 }, () => rng.bytes(32))
const uuids = Array.from({ length: small }, () => randomId(rng))
const creatorKeyHash = rng.bytes(32)

function headerAt(index: number, id: string, parents: readonly string[]): RecordHeader {
  return {
    id,
    parents,
    hash: hashes[index]!,
    contentHash: contents[index]!,
    creatorKeyHash,
    classification: 0,
    timestamp: index,
    firstSeen: epochMs(0),
  }
}

/** Ids are made within the measured time, as in the benchmark that this repeats. */
function chain(nameOf: (index: number) => string): RecordGraph {
  const graph = new RecordGraph(rng)
  for (let index = 0; index < small; index++) {
    const parents = index === 0 ? [] : [nameOf(index - 1)]
    if (!graph.add(headerAt(index, nameOf(index), parents)).ok) throw new Error('not added')
  }
  return graph
}

function shortName(index: number): string {
  return `n${String(index).padStart(5, '0')}`
}

function smallRound(): SmallRound {
  const graph = chain(shortName)
  chain((index) => uuids[index]!)
  const tipsTimes = 1_000
  const [, tipsMs] = timed(() => {
    for (let time = 0; time < tipsTimes; time++) graph.tips()
  })
  const [ancestors, ancestorsMs] = timed(() => graph.ancestors(shortName(small - 1)))
  const [descendants, descendantsMs] = timed(() => graph.descendants(shortName(0)))
  if (ancestors.ids.length !== small - 1 || descendants.ids.length !== small - 1) {
    throw new Error('the chain has 9,999 records on each side')
  }
  const [, depth50Ms] = timed(() => graph.ancestors(shortName(small - 1), { depth: 50 }))
  const wide = new RecordGraph(rng)
  wide.add(headerAt(0, 'root', []))
  for (let index = 1; index <= small; index++) {
    wide.add(headerAt(index, `leaf-${index}`, ['root']))
  }
  const [, wideTipsMs] = timed(() => wide.tips())
  return {
    tipsUs: tipsMs,
    wideTipsMs,
    ancestorsMs,
    descendantsMs,
    depth50Us: depth50Ms * 1000,
  }
}

function timed<T>(work: () => T): readonly [T, number] {
  const begin = performance.now()
  const value = work()
  return [value, performance.now() - begin]
}

/**
 * Milliseconds of this thread's processor time for one of so many times: on a machine with other work, what the work
 * costs, not how long it waits. What is shorter than some milliseconds that clock cannot tell.
 */
function cpuMsOf(times: number, work: () => unknown): number {
  const begin = process.threadCpuUsage()
  for (let time = 0; time < times; time++) work()
  const { user, system } = process.threadCpuUsage(begin)
  return (user + system) / 1000 / times
}

function inProcess(count: number, kind: 'plain' | 'chained'): Promise<GraphProcessReport> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'graph-process.ts'), [String(count), kind], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.once('message', (report) => resolve(report as GraphProcessReport))
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)))
  })
}
