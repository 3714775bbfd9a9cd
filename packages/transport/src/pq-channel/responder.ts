import {
  after,
  type Bytes,
  concat,
  equalBytes,
  type Fired,
  type Instant,
  wipe,
} from '@kithnet/kernel'
import { type PeerId, peerIdOf } from '@kithnet/types'
import type { ChannelFault } from './faults.ts'
import { type Frame, frameHeader, frameKind } from './frames.ts'
import type { HandshakeGate } from './gate.ts'
import {
  type ChannelSession,
  emitOutput,
  type Handshake,
  type HandshakeConfig,
  type HandshakeEffect,
  type HandshakeEvent,
  handshakeTimeoutMs,
  openProof,
  sealProof,
  sendFrame,
} from './handshake.ts'
import {
  finishTag,
  handshakeKeys,
  initiatorStatement,
  networkTag,
  nextHash,
  openingHash,
  responderStatement,
  trafficSecrets,
  type TrafficSecrets,
} from './key-schedule.ts'
import {
  answerBytes,
  decodeHello,
  decodeProof,
  encodeAnswerClear,
  encodeRefusal,
  finishBytes,
  type Hello,
  isMlKemKey,
  nonceBytes,
  type RefusalReason,
} from './messages.ts'
import type { ChannelSuite } from './primitives.ts'

/** What a responder is given beyond what both roles need. */
export interface ResponderConfig extends HandshakeConfig {
  /** Shared by all handshakes of a listener. */
  readonly gate: HandshakeGate
  /** Where the initiator's bytes come from, as the carrier sees it. */
  readonly address: string
}

/** All that is kept of a handshake while the initiator thinks: 4 x 32 bytes and the suite. */
interface HalfOpen {
  readonly suite: ChannelSuite
  readonly initiatorSeal: Bytes
  readonly initiatorFinish: Bytes
  readonly master: Bytes
  /** The transcript through the answer. */
  readonly transcript: Bytes
}

interface Answering extends Omit<HalfOpen, 'transcript'> {
  readonly responderSeal: Bytes
  readonly responderFinish: Bytes
  readonly clear: Bytes
  /** The transcript through the answer's clear part. */
  readonly clearTranscript: Bytes
}

type State =
  | { readonly name: 'new' }
  | { readonly name: 'listening'; readonly retried: boolean }
  | { readonly name: 'answering'; readonly answering: Answering }
  | { readonly name: 'half-open'; readonly halfOpen: HalfOpen }
  | { readonly name: 'verifying'; readonly session: ChannelSession }
  | { readonly name: 'done' }

/**
 * The accepting end of a `pq-channel` handshake. What costs little is checked first; the first signature is
 * spent on an initiator that knows the network and, when many knock, has shown that it receives.
 */
export class Responder implements Handshake {
  readonly #config: ResponderConfig
  #state: State = { name: 'new' }
  #admitted = false

  constructor(config: ResponderConfig) {
    this.#config = config
  }

  get busy(): boolean {
    return this.#state.name === 'answering' || this.#state.name === 'verifying'
  }

  /** Bytes of secrets and hashes kept while waiting for the initiator; 0 in every other state. */
  get halfOpenBytes(): number {
    if (this.#state.name !== 'half-open') return 0
    const { initiatorSeal, initiatorFinish, master, transcript } = this.#state.halfOpen
    const kept = [initiatorSeal, initiatorFinish, master, transcript]
    return kept.reduce((sum, bytes) => sum + bytes.buffer.byteLength, 0)
  }

  on(event: HandshakeEvent | Fired<'timeout'>, now: Instant): readonly HandshakeEffect[] {
    const state = this.#state
    if (state.name === 'done') return []
    switch (event.type) {
      case 'started':
        if (state.name !== 'new') return []
        this.#state = { name: 'listening', retried: false }
        return [{ type: 'arm', key: 'timeout', at: after(now, handshakeTimeoutMs) }]
      case 'received':
        return this.#receive(event.frame, now)
      case 'signed':
        return state.name === 'answering' ? this.#answer(state.answering, event.signature) : []
      case 'verified':
        if (state.name !== 'verifying') return []
        if (!event.valid) return this.#fail({ code: 'transport/channel-signature', what: 'finish' })
        return this.#establish(state.session)
      case 'ended':
        return this.#fail({ code: 'transport/channel-truncated', state: state.name })
      case 'fired':
        return this.#fail({ code: 'transport/handshake-timeout', timeoutMs: handshakeTimeoutMs })
    }
  }

  #receive(frame: Frame, now: Instant): readonly HandshakeEffect[] {
    const state = this.#state
    if (state.name === 'listening' && frame.kind === frameKind.hello) {
      return this.#hello(frame, state.retried, now)
    }
    if (state.name === 'half-open' && frame.kind === frameKind.finish) {
      return this.#finish(state.halfOpen, frame)
    }
    return this.#fail({
      code: 'transport/channel-unexpected',
      kind: frame.kind,
      state: state.name,
    })
  }

  /** In order of cost: shape, network, versions, gate, then key exchange. */
  #hello(frame: Frame, retried: boolean, now: Instant): readonly HandshakeEffect[] {
    const decoded = decodeHello(frame.body)
    if (!decoded.ok) return this.#fail(decoded.fault)
    const hello = decoded.value
    const { primitives, network, versions, suites, gate, address } = this.#config
    const tag = networkTag(primitives, network, hello.tagged)
    if (!equalBytes(tag, hello.networkTag)) {
      return this.#refuse('network', { code: 'transport/wrong-network' })
    }
    const version = highestCommon(versions, hello.versions)
    if (version === undefined) {
      return this.#refuse('version', { code: 'transport/channel-no-common', what: 'version' })
    }
    const suite = firstCommon(hello.suites, suites)
    if (suite === undefined) {
      return this.#refuse('suite', { code: 'transport/channel-no-common', what: 'suite' })
    }
    const admission = gate.admit(address, hello.nonce, hello.cookie, now)
    if (admission.type === 'busy' || (admission.type === 'retry' && retried)) {
      return this.#refuse('busy', { code: 'transport/channel-busy' })
    }
    if (admission.type === 'retry') {
      this.#state = { name: 'listening', retried: true }
      return [sendFrame(frameKind.retry, admission.cookie)]
    }
    this.#admitted = true
    return this.#exchange(frame, hello, version, suite)
  }

  #exchange(
    frame: Frame,
    hello: Hello,
    version: number,
    suite: ChannelSuite,
  ): readonly HandshakeEffect[] {
    const { primitives, network, label, self } = this.#config
    const encapsulated = isMlKemKey(hello.mlKem768)
      ? primitives.mlKem768.encapsulate(hello.mlKem768)
      : undefined
    if (encapsulated === undefined) {
      return this.#fail({ code: 'transport/channel-key-share', share: 'ml-kem-768' })
    }
    const secret = primitives.random(32)
    const x25519 = primitives.x25519.publicKey(secret)
    const x25519Secret = primitives.x25519.sharedSecret(secret, hello.x25519)
    wipe(secret)
    if (x25519Secret === undefined) {
      wipe(encapsulated.sharedSecret)
      return this.#fail({ code: 'transport/channel-key-share', share: 'x25519' })
    }
    const { ciphertext, sharedSecret: mlKemSecret } = encapsulated
    const nonce = primitives.random(nonceBytes)
    const clear = encodeAnswerClear({ version, suite: suite.number, nonce, x25519, ciphertext })
    const opening = openingHash(primitives, network, label)
    const clearTranscript = nextHash(
      primitives,
      nextHash(primitives, opening, frame.bytes),
      frameHeader(frameKind.answer, answerBytes),
      clear,
    )
    const shares = {
      ciphertext,
      mlKemKey: hello.mlKem768,
      initiatorShare: hello.x25519,
      responderShare: x25519,
    }
    const keys = handshakeKeys(
      primitives,
      { mlKemSecret, x25519Secret, ...shares },
      clearTranscript,
    )
    this.#state = { name: 'answering', answering: { suite, ...keys, clear, clearTranscript } }
    return [emitOutput({ type: 'sign', body: responderStatement(clearTranscript, self) })]
  }

  #answer(answering: Answering, signature: Uint8Array): readonly HandshakeEffect[] {
    const { primitives, self, selfKey } = this.#config
    const { suite, clear, clearTranscript, responderSeal, responderFinish } = answering
    const finish = finishTag(primitives, responderFinish, clearTranscript, self, signature)
    const proof = { publicKey: selfKey, signature, finish }
    const sealed = sealProof(primitives, suite, responderSeal, clearTranscript, proof)
    wipe(responderSeal, responderFinish)
    const { initiatorSeal, initiatorFinish, master } = answering
    const transcript = nextHash(primitives, clearTranscript, sealed)
    const halfOpen: HalfOpen = { suite, initiatorSeal, initiatorFinish, master, transcript }
    this.#state = { name: 'half-open', halfOpen }
    return [sendFrame(frameKind.answer, concat(clear, sealed))]
  }

  /** In order of cost: decryption, key confirmation, then the signature, which others compute. */
  #finish(halfOpen: HalfOpen, frame: Frame): readonly HandshakeEffect[] {
    const { primitives, self } = this.#config
    const { suite, initiatorSeal, initiatorFinish, transcript, master } = halfOpen
    if (frame.body.length !== finishBytes) {
      return this.#fail({ code: 'transport/channel-malformed', message: 'finish', field: 'length' })
    }
    const opened = openProof(primitives, suite, initiatorSeal, transcript, frame.body)
    if (opened === undefined) {
      return this.#fail({ code: 'transport/channel-unauthentic', what: 'finish' })
    }
    const proof = decodeProof(opened)
    const remote = peerIdOf(proof.publicKey)
    const tag = finishTag(primitives, initiatorFinish, transcript, remote, proof.signature)
    if (!equalBytes(tag, proof.finish)) {
      return this.#fail({ code: 'transport/channel-finish', what: 'finish' })
    }
    if (remote === self) return this.#fail({ code: 'transport/own-peer' })
    const body = initiatorStatement(transcript, remote, self)
    const last = nextHash(primitives, transcript, frame.bytes)
    const secrets = trafficSecrets(primitives, master, last)
    wipe(initiatorSeal, initiatorFinish)
    const publicKey = proof.publicKey.slice()
    this.#state = { name: 'verifying', session: sessionOf(suite, remote, publicKey, secrets) }
    return [emitOutput({ type: 'verify', publicKey, body, signature: proof.signature.slice() })]
  }

  #establish(session: ChannelSession): readonly HandshakeEffect[] {
    this.#leave()
    return [{ type: 'disarm', key: 'timeout' }, emitOutput({ type: 'established', session })]
  }

  #refuse(reason: RefusalReason, fault: ChannelFault): readonly HandshakeEffect[] {
    return [sendFrame(frameKind.refusal, encodeRefusal(reason)), ...this.#fail(fault)]
  }

  #fail(fault: ChannelFault): readonly HandshakeEffect[] {
    const state = this.#state
    if (state.name === 'answering') {
      const { responderSeal, responderFinish, initiatorSeal, initiatorFinish } = state.answering
      wipe(responderSeal, responderFinish, initiatorSeal, initiatorFinish, state.answering.master)
    } else if (state.name === 'half-open') {
      const { initiatorSeal, initiatorFinish, master } = state.halfOpen
      wipe(initiatorSeal, initiatorFinish, master)
    } else if (state.name === 'verifying') {
      const { sendSecret, receiveSecret, exporter } = state.session
      wipe(sendSecret, receiveSecret, exporter)
    }
    this.#leave()
    return [{ type: 'disarm', key: 'timeout' }, emitOutput({ type: 'failed', fault })]
  }

  /** The handshake is over: its place at the gate is free. */
  #leave(): void {
    this.#state = { name: 'done' }
    if (!this.#admitted) return
    this.#admitted = false
    this.#config.gate.leave()
  }
}

function sessionOf(
  suite: ChannelSuite,
  remote: PeerId,
  remoteKey: Bytes,
  secrets: TrafficSecrets,
): ChannelSession {
  return {
    role: 'responder',
    suite,
    remote,
    remoteKey,
    sendSecret: secrets.responder,
    receiveSecret: secrets.initiator,
    exporter: secrets.exporter,
  }
}

function highestCommon(ours: readonly number[], theirs: readonly number[]): number | undefined {
  return ours.filter((version) => theirs.includes(version)).toSorted((a, b) => b - a)[0]
}

/** The initiator's preference decides: only it may lack a native cipher. */
function firstCommon(
  theirs: readonly number[],
  ours: readonly ChannelSuite[],
): ChannelSuite | undefined {
  for (const number of theirs) {
    const suite = ours.find((known) => known.number === number)
    if (suite !== undefined) return suite
  }
  return undefined
}
