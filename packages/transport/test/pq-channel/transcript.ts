import { type Backend, contextOf } from '@kithnet/identity'
import { type Bytes, fail, fromHex, instant, ok, type Result, toHex, utf8 } from '@kithnet/kernel'
import { networkId, peerIdOf } from '@kithnet/types'
import type { ChannelFault } from '../../src/pq-channel/faults.ts'
import { frameHeader, frameHeaderBytes, frameKind } from '../../src/pq-channel/frames.ts'
import { HandshakeGate } from '../../src/pq-channel/gate.ts'
import type { HandshakeConfig } from '../../src/pq-channel/handshake.ts'
import { Initiator } from '../../src/pq-channel/initiator.ts'
import {
  handshakeKeys,
  nextHash,
  openingHash,
  recordKeys,
  trafficSecrets,
} from '../../src/pq-channel/key-schedule.ts'
import { answerBytes, decodeAnswer, decodeHello } from '../../src/pq-channel/messages.ts'
import {
  aesSuite,
  channelPrimitives,
  type ChannelPrimitives,
  chaChaSuite,
} from '../../src/pq-channel/primitives.ts'
import { RecordSealer } from '../../src/pq-channel/records.ts'
import { Responder } from '../../src/pq-channel/responder.ts'
import { Endpoint } from './endpoint.ts'
import type { Judge, Party } from './ideal.ts'

/** One side's secrets and choices, all bytes in hexadecimal. */
export interface SideInput {
  /** Seed of its ML-DSA-65 key. */
  readonly identitySeed: string
  readonly x25519Secret: string
  readonly nonce: string
  readonly suites: readonly number[]
  /** ML-DSA-65 signatures are hedged, so the one that was made is an input; it must verify. */
  readonly signature: string
}

/** Everything that a transcript depends on. */
export interface TranscriptInput {
  readonly network: string
  readonly label: string
  readonly initiator: SideInput & { readonly mlKemSeed: string }
  readonly responder: SideInput & { readonly encapsulation: string }
  /** True when the responder asks for a cookie; its key, then, is an input too. */
  readonly cookieKey?: string
}

/** A change on the way: of bytes from an offset on, or to a length. */
export interface Change {
  readonly message: 'hello' | 'answer' | 'finish'
  readonly at?: number
  readonly bytes?: string
  readonly length?: number
}

/** What each step of a transcript gives, in hexadecimal. */
export type TranscriptOutput = Readonly<Record<string, string>>

/** Both machines on scripted randomness, with the messages changed on the way as asked. */
export function transcriptOf(
  backend: Backend,
  input: TranscriptInput,
  sign: (seed: Bytes, body: Uint8Array) => Bytes = () => new Uint8Array(0),
  change?: Change,
): Result<TranscriptOutput, ChannelFault> {
  const { initiator, responder } = input
  const a = partyOf(backend, initiator, sign)
  const b = partyOf(backend, responder, sign)
  const script = { network: input.network, label: input.label }
  const one = new Endpoint(
    new Initiator({
      ...configOf(backend, a, initiator, script, [
        initiator.x25519Secret,
        initiator.mlKemSeed,
        initiator.nonce,
      ]),
      expect: b.peer,
    }),
    a,
    judgeOf(backend),
  ).start()
  const primitives = configOf(backend, b, responder, script, [
    responder.x25519Secret,
    responder.nonce,
  ])
  const gate = gateOf(backend, input)
  const machine = new Responder({ ...primitives, gate, address: '192.0.2.1' })
  const two = new Endpoint(machine, b, judgeOf(backend)).start()
  const said = relay(one, two, change)
  // When one fails, the other only sees it hang up.
  const fault = change?.message === 'answer' ? one.fault : (two.fault ?? one.fault)
  if (fault !== undefined) return fail(fault)
  if (one.session === undefined || two.session === undefined) throw new Error('unfinished')
  return ok({ ...said, ...intermediates(backend, input, said), ...records(backend, one) })
}

function partyOf(
  backend: Backend,
  side: SideInput,
  sign: (seed: Bytes, body: Uint8Array) => Bytes,
): Party {
  const seed = bytesOf(side.identitySeed)
  const { publicKey } = backend.mlDsa65.keyPair(seed)
  const made = bytesOf(side.signature)
  return {
    peer: peerIdOf(publicKey),
    publicKey,
    sign: (body) => (made.length > 0 ? made : sign(seed, body)),
  }
}

function judgeOf({ mlDsa65 }: Backend): Judge {
  return {
    verify: (publicKey, body, signature) =>
      mlDsa65.verify(publicKey, body, contextOf('handshake'), signature),
  }
}

function configOf(
  backend: Backend,
  party: Party,
  side: SideInput & { readonly encapsulation?: string },
  script: { readonly network: string; readonly label: string },
  draws: readonly string[],
): HandshakeConfig {
  const suites = [aesSuite, chaChaSuite]
  return {
    primitives: scripted(backend, draws, side.encapsulation),
    network: networkId(script.network),
    label: utf8(script.label),
    self: party.peer,
    selfKey: party.publicKey,
    versions: [1],
    suites: side.suites.map((number) => suites.find((suite) => suite.number === number)!),
  }
}

/** The backend's primitives, drawing what the script says. */
function scripted(
  backend: Backend,
  draws: readonly string[],
  encapsulation?: string,
): ChannelPrimitives {
  const left = draws.map(bytesOf)
  const { mlKem768 } = backend
  return {
    ...channelPrimitives(backend),
    mlKem768: {
      keyPair: mlKem768.keyPair,
      encapsulate: (key) =>
        mlKem768.encapsulate(key, encapsulation === undefined ? undefined : bytesOf(encapsulation)),
    },
    random: (length) => {
      const next = left.shift()
      if (next?.length !== length) throw new Error('the script has other bytes')
      return next
    },
  }
}

/** A gate that asks for a cookie when there is a key for one. */
function gateOf(backend: Backend, { cookieKey }: TranscriptInput): HandshakeGate {
  const key = cookieKey ?? '00'.repeat(32)
  // Two keys are drawn at first, and one when the first cookie is minted.
  const primitives = scripted(backend, [key, key, key, key])
  return new HandshakeGate(primitives, {
    cookieAbove: cookieKey === undefined ? 64 : 0,
    maxHalfOpen: 64,
  })
}

function relay(one: Endpoint, two: Endpoint, change: Change | undefined): TranscriptOutput {
  const said: Record<string, string> = {}
  const names = ['', 'hello', 'retry', 'answer', 'finish', 'refusal']
  const pass = (message: Bytes, to: Endpoint): void => {
    const name = names[message[0]!]!
    said[name] = toHex(message)
    to.feed(change?.message === name ? changed(message, change) : message)
  }
  for (let at = 0; ; at++) {
    const [ask, answer] = [one.sent[at], two.sent[at]]
    if (ask !== undefined) pass(ask, two)
    const reply = two.sent[at] ?? answer
    if (reply !== undefined) pass(reply, one)
    if (ask === undefined && reply === undefined) break
  }
  for (const end of [one, two]) if (end.session === undefined) end.on({ type: 'ended' })
  return said
}

function changed(message: Bytes, { at, bytes, length }: Change): Bytes {
  const copy = message.slice(0, length ?? message.length)
  if (length !== undefined) {
    copy.set(frameHeader(copy[0]!, length - frameHeaderBytes))
  }
  if (at !== undefined) copy.set(bytesOf(bytes!), at)
  return copy
}

/** Every secret of the key schedule, computed from the messages and the script, not by the machines. */
function intermediates(
  backend: Backend,
  input: TranscriptInput,
  said: TranscriptOutput,
): TranscriptOutput {
  const primitives = channelPrimitives(backend)
  const hello = bytesOf(said['hello']!)
  const answer = bytesOf(said['answer']!)
  const finish = bytesOf(said['finish']!)
  const asked = decodeHello(hello.subarray(frameHeaderBytes))
  const answered = decodeAnswer(answer.subarray(frameHeaderBytes))
  if (!asked.ok || !answered.ok) throw new Error('the machines said something else')
  const { clear, sealed, ciphertext, x25519 } = answered.value
  const header = frameHeader(frameKind.answer, answerBytes)
  const opening = openingHash(primitives, networkId(input.network), utf8(input.label))
  const afterHello = nextHash(primitives, opening, hello)
  const afterClear = nextHash(primitives, afterHello, header, clear)
  const afterAnswer = nextHash(primitives, afterClear, sealed)
  const afterFinish = nextHash(primitives, afterAnswer, finish)
  const mlKem = backend.mlKem768.keyPair(bytesOf(input.initiator.mlKemSeed))
  const mlKemSecret = mlKem.decapsulate(ciphertext)!
  const secret = bytesOf(input.initiator.x25519Secret)
  const x25519Secret = backend.x25519.sharedSecret(secret, x25519)!
  const shown = { mlKemSecret: toHex(mlKemSecret), x25519Secret: toHex(x25519Secret) }
  const shares = {
    ciphertext,
    mlKemKey: asked.value.mlKem768,
    initiatorShare: asked.value.x25519,
    responderShare: x25519,
  }
  const keys = handshakeKeys(primitives, { mlKemSecret, x25519Secret, ...shares }, afterClear)
  const keyTexts = Object.entries(keys).map(([name, bytes]) => [name, toHex(bytes)])
  const traffic = trafficSecrets(primitives, keys.master, afterFinish)
  return {
    openingHash: toHex(opening),
    hashAfterHello: toHex(afterHello),
    hashAfterClear: toHex(afterClear),
    hashAfterAnswer: toHex(afterAnswer),
    hashAfterFinish: toHex(afterFinish),
    ...shown,
    ...(Object.fromEntries(keyTexts) as TranscriptOutput),
    trafficInitiator: toHex(traffic.initiator),
    trafficResponder: toHex(traffic.responder),
    exporter: toHex(traffic.exporter),
    recordKeyInitiator: toHex(recordKeys(primitives, traffic.initiator).key),
    recordIvInitiator: toHex(recordKeys(primitives, traffic.initiator).iv),
  }
}

/** The initiator's first records, with a ratchet after the second: 'one', 'two', ratchet, 'three', close. */
function records(backend: Backend, one: Endpoint): TranscriptOutput {
  const { suite, sendSecret, receiveSecret } = one.session!
  const limits = { records: 2, bytes: 2 ** 30, ageMs: 600_000 }
  const now = instant(0)
  const primitives = channelPrimitives(backend)
  const initiator = new RecordSealer(primitives, suite, sendSecret.slice(), now, limits)
  const frames = ['one', 'two', 'three'].flatMap((text) => initiator.seal(utf8(text), now))
  const responder = new RecordSealer(primitives, suite, receiveSecret.slice(), now, limits)
  return {
    initiatorRecords: [...frames, initiator.close()].map(toHex).join(' '),
    responderRecords: [...responder.seal(utf8('one'), now), responder.close()].map(toHex).join(' '),
  }
}

function bytesOf(hex: string): Bytes {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new Error('not hexadecimal')
  return bytes
}
