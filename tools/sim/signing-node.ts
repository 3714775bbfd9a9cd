/** One process of `a6b.ts`: a node as a user would start it, which may sign beside its work. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createMlDsaScheme, nobleBackend } from '@kithnet/identity'
import { createNode, type Node } from 'kithnet'

/** What a process of the experiment is told. */
export type SigningOrder =
  | { readonly type: 'start'; readonly contacts: readonly string[] }
  | { readonly type: 'observe'; readonly ms: number; readonly signaturesPerSecond: number }

/** What it answers. */
export type SigningAnswer =
  | { readonly type: 'started'; readonly contact: string }
  | { readonly type: 'observed'; readonly result: SigningResult }

/** What one process saw. */
export interface SigningResult {
  readonly signatures: number
  readonly delayP50Ms: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  /** Members whose probes failed, and members declared dead: all of them live. */
  readonly suspected: number
  readonly dead: number
  readonly neighbours: number
}

/** Signatures under way at most; a machine that is too slow signs fewer. Source: our choice. */
const maxUnderWay = 8

const say = (answer: SigningAnswer): void => void process.send?.(answer)
const key = createMlDsaScheme(nobleBackend).signingKey(new Uint8Array(32).fill(7))
let node: Node | undefined

process.on('message', (order: SigningOrder) => {
  if (order.type === 'start') void start(order.contacts)
  else void observe(order.ms, order.signaturesPerSecond)
})
process.once('disconnect', () => process.exit())

async function start(join: readonly string[]): Promise<void> {
  node = await createNode({ network: 'signing', preset: 'lan', join })
  // The first signature starts the worker, which is not what is measured.
  await key.sign('batch', new Uint8Array(64))
  say({ type: 'started', contact: node.ticket() })
}

async function observe(ms: number, signaturesPerSecond: number): Promise<void> {
  let suspected = 0
  let dead = 0
  node!.on('suspected', () => void suspected++)
  node!.on('dead', () => void dead++)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const signatures = await signFor(ms, signaturesPerSecond)
  delay.disable()
  const result: SigningResult = {
    signatures,
    delayP50Ms: delay.percentile(50) / 1e6,
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
    suspected,
    dead,
    neighbours: node!.neighbours.length,
  }
  say({ type: 'observed', result })
}

/** Signs on schedule for a while. Answers with how many signatures were made. */
async function signFor(ms: number, perSecond: number): Promise<number> {
  const body = new Uint8Array(1_024)
  let made = 0
  let underWay = 0
  const begun = performance.now()
  let due = 0
  const schedule = setInterval(() => {
    const wanted = Math.floor(((performance.now() - begun) * perSecond) / 1_000)
    for (; due < wanted; due++) {
      if (underWay >= maxUnderWay) continue
      underWay++
      void key.sign('batch', body).then(() => {
        underWay--
        made++
      })
    }
  }, 5)
  await new Promise((resolve) => setTimeout(resolve, ms))
  clearInterval(schedule)
  return made
}
