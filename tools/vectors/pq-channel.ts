import { writeFileSync } from 'node:fs'
import { contextOf, nobleBackend } from '@kithnet/identity'
import { type Bytes, seededRng, toHex } from '@kithnet/kernel'
import {
  type Change,
  transcriptOf,
  type TranscriptInput,
} from '../../packages/transport/test/pq-channel/transcript.ts'

/** Writes vectors/transport/pq-channel.json anew. Signatures are hedged, so each run gives other bytes. */
const target = new URL('../../vectors/transport/pq-channel.json', import.meta.url)

const rng = seededRng('pq-channel vectors')
const draw = (length: number): string => toHex(rng.bytes(length))

function inputOf(
  network: string,
  label: string,
  suites: readonly [readonly number[], readonly number[]],
  cookieKey?: string,
): TranscriptInput {
  const side = (): Omit<TranscriptInput['initiator'], 'suites' | 'mlKemSeed'> => ({
    identitySeed: draw(32),
    x25519Secret: draw(32),
    nonce: draw(32),
    signature: '',
  })
  return {
    network,
    label,
    initiator: { ...side(), suites: suites[0], mlKemSeed: draw(64) },
    responder: { ...side(), suites: suites[1], encapsulation: draw(32) },
    ...(cookieKey === undefined ? {} : { cookieKey }),
  }
}

/** Runs once with fresh signatures, puts them into the input, and runs again. */
function valid(name: string, why: string, input: TranscriptInput): Record<string, unknown> {
  const made = new Map<string, string>()
  const sign = (seed: Bytes, body: Uint8Array): Bytes => {
    const signature = nobleBackend.mlDsa65.keyPair(seed).sign(body, contextOf('handshake'))
    made.set(toHex(seed), toHex(signature))
    return signature
  }
  transcriptOf(nobleBackend, input, sign)
  const { initiator, responder } = input
  const signed: TranscriptInput = {
    ...input,
    initiator: { ...initiator, signature: made.get(initiator.identitySeed)! },
    responder: { ...responder, signature: made.get(responder.identitySeed)! },
  }
  const output = transcriptOf(nobleBackend, signed)
  if (!output.ok) throw new Error(`${name}: ${output.fault.code}`)
  return { name, why, valid: true, input: signed, output: output.value }
}

function invalid(
  bases: readonly Record<string, unknown>[],
  name: string,
  why: string,
  base: string,
  change: Change,
): Record<string, unknown> {
  const input = bases.find((one) => one['name'] === base)!['input'] as TranscriptInput
  const result = transcriptOf(nobleBackend, input, undefined, change)
  if (result.ok) throw new Error(`${name} is accepted`)
  return { name, why, valid: false, input: { base, change }, fault: result.fault.code }
}

const both: readonly [readonly number[], readonly number[]] = [
  [1, 2],
  [1, 2],
]
const bases = [
  valid('aes', 'the usual case between two Nodes', inputOf('vectors', 'none:websocket', both)),
  valid(
    'chacha',
    'an initiator whose ciphers run in JavaScript prefers ChaCha20-Poly1305',
    inputOf('vectors', 'none:memory', [[2, 1], both[1]]),
  ),
  valid(
    'cookie',
    'a busy responder asks for a cookie; the second hello opens the transcript',
    inputOf('vectors', 'none:websocket', both, draw(32)),
  ),
]

const cases: readonly (readonly [string, string, Change])[] = [
  [
    'hello nonce',
    'a changed hello lacks the network tag',
    { message: 'hello', at: 10, bytes: 'ff' },
  ],
  ['hello version zero', 'zero is no version', { message: 'hello', at: 5, bytes: '00' }],
  ['hello suites twice', 'a suite is listed once', { message: 'hello', at: 8, bytes: '01' }],
  [
    'hello cookie length',
    'a cookie has 32 bytes or none',
    { message: 'hello', at: 1273, bytes: '07' },
  ],
  ['hello short', 'all fields are there', { message: 'hello', length: 1200 }],
  ['hello other kind', 'a responder waits for a hello', { message: 'hello', at: 0, bytes: '12' }],
  ['answer version', 'only an offered version', { message: 'answer', at: 4, bytes: '02' }],
  ['answer suite', 'only an offered suite', { message: 'answer', at: 5, bytes: '03' }],
  [
    'answer other suite',
    'the suite is in the transcript',
    { message: 'answer', at: 5, bytes: '02' },
  ],
  ['answer nonce', 'the nonce is in the transcript', { message: 'answer', at: 6, bytes: '00' }],
  [
    'answer zero share',
    'an X25519 share of low order is refused',
    { message: 'answer', at: 38, bytes: '00'.repeat(32) },
  ],
  [
    'answer ciphertext',
    'the ciphertext is in the keys',
    { message: 'answer', at: 70, bytes: '00' },
  ],
  ['answer sealed', 'the proof is authenticated', { message: 'answer', at: 1158, bytes: '00' }],
  ['answer short', 'an answer has one length', { message: 'answer', length: 6466 }],
  ['finish first byte', 'the proof is authenticated', { message: 'finish', at: 4, bytes: '00' }],
  ['finish last byte', 'the tag is checked', { message: 'finish', at: 5312, bytes: '00' }],
  ['finish short', 'a finish has one length', { message: 'finish', length: 5000 }],
  [
    'finish too long',
    'a header announces what may come',
    { message: 'finish', at: 1, bytes: '01' },
  ],
]

const file = {
  spec: 'docs/protocols/pq-channel.md',
  source: 'our own',
  generatedBy: 'tools/vectors/pq-channel.ts',
  cases: [
    ...bases,
    ...cases.map(([name, why, change]) => invalid(bases, name, why, 'aes', change)),
  ],
}
writeFileSync(target, `${JSON.stringify(file, null, 1)}\n`)
