import { loadavg } from 'node:os'
import {
  type Backend,
  type Claim,
  closeWorkers,
  createIdentity,
  createMlDsaScheme,
  nobleBackend,
  selectBackend,
  workingBackends,
  xWingEncapsulate,
  xWingKeyPair,
} from '@kithnet/identity'
import {
  atLeast,
  atMost,
  type Benchmark,
  type BenchmarkOptions,
  exactly,
  judge,
} from '../report.ts'

/** ML-DSA-65 on the selected backend beside JavaScript in one run, batch verification on all cores, and SHA3-256. */
export const benchmark: Benchmark = {
  id: 'identity',
  title: 'ML-DSA-65 backends, batch verification of 100, SHA3-256 of 4 KB',
  run: async (options) => {
    const backend = selectBackend()
    const rounds = options.quick ? 5 : 15
    options.progress(`Node ${process.version}, backend ${backend.name}, ${rounds} rounds`)
    const figures = {
      node: process.version,
      backend: backend.name,
      loadAverage: loadavg()[0]!,
      interchangeFailures: interchangeFailures(),
      ...single(backend, rounds),
      ...(await batch(backend, rounds, options)),
      ...hash(backend, rounds),
      ...(await loopDelay(options)),
    }
    await closeWorkers()
    const isNative = backend.nativeSignatures
    return judge({
      id: 'identity',
      seeds: rounds,
      figures,
      threshold: {
        interchangeFailures: { match: exactly(0), beat: null },
        batchScaling: { match: atLeast(1.5), beat: null },
        // The two absolute rows are of native primitives; without them the row says what JavaScript takes.
        ...(isNative ? { batchOf100Ms: { match: atMost(8.5), beat: atMost(1.5) } } : {}),
        sha3Of4KbUs: { match: null, beat: atMost(16) },
        // A6b: a process that signs 100 times a second in JavaScript, in its worker.
        loopDelayP99Ms: { match: null, beat: atMost(5) },
      },
    })
  },
}

const message = new Uint8Array(1024).fill(0x5a)
const context = new TextEncoder().encode('kithnet/1/batch')
const batchSize = 100

/** How many of: equal keys, signatures and secrets, in each direction between two backends, do not hold. */
function interchangeFailures(): number {
  const backends = workingBackends()
  const seed = new Uint8Array(32).fill(1)
  let failures = 0
  for (const a of backends) {
    for (const b of backends) {
      const [left, right] = [a.mlDsa65.keyPair(seed), b.mlDsa65.keyPair(seed)]
      if (!same(left.publicKey, right.publicKey)) failures++
      const signature = left.sign(message, context)
      if (!b.mlDsa65.verify(right.publicKey, message, context, signature)) failures++
      if (b.mlDsa65.verify(right.publicKey, message, seed, signature)) failures++
      const kem = xWingKeyPair(seed, a)
      const sent = xWingEncapsulate(kem.publicKey, b)
      const received = sent.ok ? kem.decapsulate(sent.value.ciphertext) : sent
      if (!sent.ok || !received.ok || !same(received.value, sent.value.sharedSecret)) failures++
    }
  }
  return failures
}

/** Medians of single operations, and how many times slower JavaScript is in the same run. */
function single(backend: Backend, rounds: number): Readonly<Record<string, number>> {
  const seed = new Uint8Array(32).fill(2)
  const timed = (one: Backend, times: number): Readonly<Record<string, number>> => {
    const keys = one.mlDsa65.keyPair(seed)
    const signature = keys.sign(message, context)
    const kem = xWingKeyPair(seed, one)
    const sent = xWingEncapsulate(kem.publicKey, one)
    if (!sent.ok) throw new Error('an honest key was refused')
    const { ciphertext } = sent.value
    return {
      keyPair: microseconds(rounds, times, () => one.mlDsa65.keyPair(seed)),
      sign: microseconds(rounds, times, () => keys.sign(message, context)),
      verify: microseconds(rounds, times, () =>
        one.mlDsa65.verify(keys.publicKey, message, context, signature),
      ),
      xWingEncapsulate: microseconds(rounds, times, () => xWingEncapsulate(kem.publicKey, one)),
      xWingDecapsulate: microseconds(rounds, times, () => kem.decapsulate(ciphertext)),
    }
  }
  const ours = timed(backend, 40)
  const reference = timed(nobleBackend, 8)
  const figures: Record<string, number> = {}
  for (const [name, us] of Object.entries(ours)) {
    figures[`${name}Us`] = us
    figures[`${name}NobleRatio`] = reference[name]! / us
  }
  return figures
}

/** 100 signatures by 100 keys: one after the other, and on all cores, in turns. */
async function batch(
  backend: Backend,
  rounds: number,
  { progress }: BenchmarkOptions,
): Promise<Readonly<Record<string, number>>> {
  progress('batch verification')
  const scheme = createMlDsaScheme(backend)
  const claims = await Promise.all(
    Array.from({ length: batchSize }, (_, at) => claimOf(at, scheme)),
  )
  const serial: number[] = []
  const parallel: number[] = []
  const reference: number[] = []
  const noble = createMlDsaScheme(nobleBackend)
  for (let round = 0; round < rounds + 3; round++) {
    serial.push(await milliseconds(() => claims.map((claim) => scheme.verifySync(claim))))
    parallel.push(await milliseconds(() => scheme.verifyAll(claims)))
    if (round < 5) reference.push(await milliseconds(() => noble.verifyAll(claims)))
  }
  // The first rounds start threads and warm the compiler.
  const [oneMs, allMs] = [median(serial.slice(3)), median(parallel.slice(3))]
  return {
    batchOf100SerialMs: oneMs,
    batchOf100Ms: allMs,
    batchScaling: oneMs / allMs,
    batchOf100NobleMs: median(reference.slice(2)),
  }
}

async function claimOf(at: number, scheme: ReturnType<typeof createMlDsaScheme>): Promise<Claim> {
  const identity = createIdentity(new Uint8Array(32).fill(at), scheme)
  const body = Uint8Array.from(message, (byte, index) => byte ^ (index + at))
  const signature = await identity.sign('batch', body)
  return { domain: 'batch', publicKey: identity.publicKey, body, signature }
}

function hash(backend: Backend, rounds: number): Readonly<Record<string, number>> {
  const inputs = Array.from({ length: 64 }, (_, index) => new Uint8Array(4096).fill(index))
  let at = 0
  const next = (): Uint8Array => inputs[at++ & 63]!
  const us = microseconds(rounds, 400, () => backend.sha3_256(next()))
  const nobleUs = microseconds(rounds, 100, () => nobleBackend.sha3_256(next()))
  return { sha3Of4KbUs: us, sha3NobleRatio: nobleUs / us }
}

/** How late timers fire, 99th percentile, while JavaScript signs 100 times a second in a worker and, for comparison, here. */
async function loopDelay({ quick, progress }: BenchmarkOptions): Promise<Record<string, number>> {
  progress('event-loop delay')
  const seconds = quick ? 1 : 4
  const identity = createIdentity(new Uint8Array(32).fill(3), createMlDsaScheme(nobleBackend))
  const keys = nobleBackend.mlDsa65.keyPair(new Uint8Array(32).fill(3))
  await identity.sign('batch', message)
  return {
    loopDelayP99Ms: await delayP99(seconds, () => identity.sign('batch', message)),
    loopDelayWithoutWorkerP99Ms: await delayP99(1, () => keys.sign(message, context)),
  }
}

async function delayP99(seconds: number, sign: () => unknown): Promise<number> {
  const periodMs = 2
  const delays: number[] = []
  const begun: unknown[] = []
  const from = performance.now()
  let last = from
  while (begun.length < 100 * seconds) {
    await new Promise((resolve) => setTimeout(resolve, periodMs))
    const now = performance.now()
    delays.push(now - last - periodMs)
    // Open loop: on schedule, whether earlier ones have ended or not.
    while (begun.length < (now - from) / 10) begun.push(sign())
    last = now
  }
  await Promise.all(begun)
  return delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.99)]!
}

let sink: unknown

function microseconds(rounds: number, times: number, work: () => unknown): number {
  const samples: number[] = []
  for (let round = 0; round < rounds + 2; round++) {
    const begin = performance.now()
    for (let index = 0; index < times; index++) sink = work()
    samples.push(((performance.now() - begin) * 1000) / times)
  }
  void sink
  return median(samples.slice(2))
}

async function milliseconds(work: () => unknown): Promise<number> {
  const begin = performance.now()
  const answers = await work()
  const elapsed = performance.now() - begin
  if (!Array.isArray(answers) || answers.length !== batchSize || !answers.every(Boolean)) {
    throw new Error('a valid signature was refused')
  }
  return elapsed
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
