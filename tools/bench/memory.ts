import { fork } from 'node:child_process'
import { atMost, type Benchmark, judge } from '../report.ts'
import { compiled } from './fleet/compiled.ts'

/** What the probe process reports, in bytes. */
interface Probe {
  readonly baseline: number
  readonly node: number
  readonly idleTopic: number
  readonly trackedMessage: number
}

/**
 * Memory of the first idle node of a process above a Node.js that has the same libraries loaded, of an idle topic, and
 * of a tracked message.
 */
export const benchmark: Benchmark = {
  id: 'memory',
  title: 'an idle node, an idle topic, a tracked message',
  run: async ({ quick, progress }) => {
    const probes: Probe[] = []
    const path = await compiled('memory-node.ts')
    const runs = quick ? 1 : 5
    for (let run = 0; run < runs; run++) {
      progress(`process ${run + 1} of ${runs}`)
      probes.push(await probe(path))
    }
    const median = (pick: (one: Probe) => number): number =>
      probes.map(pick).toSorted((a, b) => a - b)[runs >> 1]!
    return judge({
      id: 'memory',
      seeds: runs,
      figures: {
        baselineMb: median((one) => one.baseline) / 1e6,
        idleNodeMb: median((one) => one.node) / 1e6,
        idleTopicKb: median((one) => one.idleTopic) / 1024,
        trackedMessageBytes: median((one) => one.trackedMessage),
      },
      threshold: {
        idleNodeMb: { match: null, beat: atMost(25) },
        idleTopicKb: { match: atMost(20), beat: null },
        trackedMessageBytes: { match: null, beat: atMost(200) },
      },
    })
  },
}

function probe(path: string): Promise<Probe> {
  return new Promise((resolve, reject) => {
    const child = fork(path, {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.once('message', (result) => {
      child.kill()
      resolve(result as Probe)
    })
    child.once('exit', (code) => reject(new Error(`the probe ended with ${code}`)))
  })
}
