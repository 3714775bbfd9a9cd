/**
 * A process that signs, among processes that do not: does its own work keep it from answering?
 *
 * Set-up: real time, real processes on loopback, native links, `lan`. Each node dials those before it. One of
 * them signs 100 bodies of 1 KiB a second with the JavaScript backend, in its worker, where it cannot hold up
 * the event loop. The delay of the event loop is Node's own histogram at 1 ms. The others show what the
 * machine itself does to it: where their delay is above the goal too, the machine is busy, not the signer.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import {
  atLeast,
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  type Threshold,
} from '../report.ts'
import { rounded } from './membership-mean.ts'
import type { SigningAnswer, SigningOrder, SigningResult } from './signing-node.ts'

const signaturesPerSecond = 100
/** Longest wait for an answer beyond the time of the observation. Source: our choice. */
const patienceMs = 60_000

/** Source: targets.md, A6b. A signer that makes far fewer signatures than it should shows nothing. */
const threshold: Readonly<Record<string, Threshold>> = {
  falseSuspicions: { match: exactly(0), beat: exactly(0) },
  falseDeaths: { match: exactly(0), beat: exactly(0) },
  signerDelayP99Ms: { match: null, beat: atMost(5) },
  signaturesPerSecond: { match: null, beat: atLeast(0.9 * signaturesPerSecond) },
}

async function observe(count: number, ms: number): Promise<readonly SigningResult[]> {
  const children: ChildProcess[] = []
  try {
    const contacts: string[] = []
    for (let index = 0; index < count; index++) {
      const child = fork(fileURLToPath(new URL('signing-node.ts', import.meta.url)))
      children.push(child)
      const started = next(child, 'started', patienceMs)
      order(child, { type: 'start', contacts: contacts.slice(-8) })
      contacts.push((await started).contact)
    }
    const observed = children.map((child) => next(child, 'observed', ms + patienceMs))
    for (const [index, child] of children.entries()) {
      order(child, {
        type: 'observe',
        ms,
        signaturesPerSecond: index === 0 ? signaturesPerSecond : 0,
      })
    }
    return (await Promise.all(observed)).map(({ result }) => result)
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

function order(child: ChildProcess, message: SigningOrder): void {
  child.send(message)
}

/** The next answer of a kind; rejects when the child ends or takes too long. */
function next<Type extends SigningAnswer['type']>(
  child: ChildProcess,
  type: Type,
  ms: number,
): Promise<Extract<SigningAnswer, { readonly type: Type }>> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      end()
    }
    const onExit = (): void => settle(() => reject(new Error('a node ended')))
    const onMessage = (answer: SigningAnswer): void => {
      if (answer.type !== type) return
      settle(() => resolve(answer as Extract<SigningAnswer, { readonly type: Type }>))
    }
    const timer = setTimeout(() => settle(() => reject(new Error('a node is silent'))), ms)
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}

export const scenario: Scenario = {
  id: 'A6b',
  title: 'a process that signs 100 times a second: event loop and false suspicions',
  defaultSeeds: 1,
  async run({ quick, progress }: ScenarioOptions): Promise<Report> {
    const count = quick ? 3 : 8
    const ms = quick ? 4_000 : 60_000
    progress(`a6b: ${count} processes for ${ms / 1_000} s`)
    const [signer, ...others] = await observe(count, ms)
    const all = [signer!, ...others]
    const total = (of: (one: SigningResult) => number): number => {
      return all.reduce((sum, one) => sum + of(one), 0)
    }
    return judge({
      id: 'A6b',
      seeds: 1,
      figures: {
        processes: count,
        seconds: ms / 1_000,
        leastNeighbours: Math.min(...all.map((one) => one.neighbours)),
        signaturesPerSecond: rounded((signer!.signatures * 1_000) / ms),
        signerDelayP50Ms: rounded(signer!.delayP50Ms),
        signerDelayP99Ms: rounded(signer!.delayP99Ms),
        signerDelayMaxMs: rounded(signer!.delayMaxMs),
        othersDelayP99Ms: rounded(Math.max(...others.map((one) => one.delayP99Ms))),
        falseSuspicions: total((one) => one.suspected),
        falseDeaths: total((one) => one.dead),
      },
      threshold,
    })
  },
}
