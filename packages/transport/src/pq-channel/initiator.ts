import type { KemKeyPair } from '@kithnet/identity'
import {
  after,
  type Bytes,
  equalBytes,
  fail,
  type Fired,
  type Instant,
  ok,
  type Result,
  wipe,
} from '@kithnet/kernel'
import { type PeerId, peerIdOf } from '@kithnet/types'
import type { ChannelFault } from './faults.ts'
import { encodeFrame, type Frame, frameHeader, frameKind } from './frames.ts'
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
  type HandshakeKeys,
  handshakeKeys,
  initiatorStatement,
  networkTag,
  nextHash,
  openingHash,
  responderStatement,
  trafficSecrets,
} from './key-schedule.ts'
import {
  type Answer,
  answerBytes,
  decodeAnswer,
  decodeProof,
  decodeRefusal,
  decodeRetry,
  encodeHello,
  encodeHelloFields,
  finishBytes,
  nonceBytes,
} from './messages.ts'
import type { ChannelSuite } from './primitives.ts'

/** What an initiator is given beyond what both roles need. */
export interface InitiatorConfig extends HandshakeConfig {
  /** The peer that must answer; `first-contact` trusts whoever does, and the caller shows it. */
  readonly expect: PeerId | 'first-contact'
}

interface Ephemeral {
  readonly x25519Secret: Bytes
  readonly x25519: Bytes
  readonly mlKem768: KemKeyPair
  readonly fields: Bytes
}

interface Answered {
  readonly suite: ChannelSuite
  readonly keys: HandshakeKeys
  /** The transcript through the answer. */
  readonly transcript: Bytes
  readonly remote: PeerId
  readonly remoteKey: Bytes
}

type State =
  | { readonly name: 'new' }
  | {
      readonly name: 'greeted'
      readonly own: Ephemeral
      readonly hello: Bytes
      readonly retried: boolean
    }
  | {
      readonly name: 'proving'
      readonly answered: Answered
      /** The responder's signature is good, and it is who we expect. */
      readonly verified: boolean
      /** Ours, made meanwhile and kept until then. */
      readonly signature: Uint8Array | undefined
    }
  | { readonly name: 'done' }

/**
 * The dialling end of a `pq-channel` handshake: hello, check of the answer, finish. It is done, and may send
 * data, one round trip after it began; the first record that it can open shows that the responder is done too.
 */
export class Initiator implements Handshake {
  readonly #config: InitiatorConfig
  #state: State = { name: 'new' }

  constructor(config: InitiatorConfig) {
    this.#config = config
  }

  get busy(): boolean {
    return this.#state.name === 'proving'
  }

  on(event: HandshakeEvent | Fired<'timeout'>, now: Instant): readonly HandshakeEffect[] {
    const state = this.#state
    if (state.name === 'done') return []
    switch (event.type) {
      case 'started':
        return state.name === 'new' ? this.#greet(now) : []
      case 'received':
        return this.#receive(event.frame)
      case 'verified':
        return state.name === 'proving' ? this.#verified(state, event.valid) : []
      case 'signed':
        if (state.name !== 'proving') return []
        if (state.verified) return this.#finish(state.answered, event.signature)
        this.#state = { ...state, signature: event.signature }
        return []
      case 'ended':
        return this.#fail({ code: 'transport/channel-truncated', state: state.name })
      case 'fired':
        return this.#fail({ code: 'transport/handshake-timeout', timeoutMs: handshakeTimeoutMs })
    }
  }

  #greet(now: Instant): readonly HandshakeEffect[] {
    const { primitives, network, versions, suites } = this.#config
    const x25519Secret = primitives.random(32)
    const seed = primitives.random(64)
    const mlKem768 = primitives.mlKem768.keyPair(seed)
    wipe(seed)
    const x25519 = primitives.x25519.publicKey(x25519Secret)
    const fields = encodeHelloFields({
      versions,
      suites: suites.map((suite) => suite.number),
      nonce: primitives.random(nonceBytes),
      x25519,
      mlKem768: mlKem768.publicKey,
    })
    const own: Ephemeral = { x25519Secret, x25519, mlKem768, fields }
    const body = encodeHello(fields, networkTag(primitives, network, fields), undefined)
    const hello = encodeFrame(frameKind.hello, body)
    this.#state = { name: 'greeted', own, hello, retried: false }
    return [
      { type: 'arm', key: 'timeout', at: after(now, handshakeTimeoutMs) },
      { type: 'send', to: 'carrier', message: hello },
    ]
  }

  #receive(frame: Frame): readonly HandshakeEffect[] {
    const state = this.#state
    if (state.name === 'greeted') {
      if (frame.kind === frameKind.answer) return this.#answered(state.own, state.hello, frame)
      if (frame.kind === frameKind.refusal) return this.#refused(frame)
      if (frame.kind === frameKind.retry && !state.retried) return this.#retry(state.own, frame)
    }
    return this.#fail({
      code: 'transport/channel-unexpected',
      kind: frame.kind,
      state: state.name,
    })
  }

  /** The same hello again, with the cookie: once, so that nobody keeps us busy. */
  #retry(own: Ephemeral, frame: Frame): readonly HandshakeEffect[] {
    const cookie = decodeRetry(frame.body)
    if (!cookie.ok) return this.#fail(cookie.fault)
    const { primitives, network } = this.#config
    const tag = networkTag(primitives, network, own.fields)
    const hello = encodeFrame(frameKind.hello, encodeHello(own.fields, tag, cookie.value))
    this.#state = { name: 'greeted', own, hello, retried: true }
    return [{ type: 'send', to: 'carrier', message: hello }]
  }

  #refused(frame: Frame): readonly HandshakeEffect[] {
    const reason = decodeRefusal(frame.body)
    if (!reason.ok) return this.#fail(reason.fault)
    if (reason.value === 'network') return this.#fail({ code: 'transport/wrong-network' })
    return this.#fail({ code: 'transport/channel-refused', reason: reason.value })
  }

  #answered(own: Ephemeral, hello: Bytes, frame: Frame): readonly HandshakeEffect[] {
    const decoded = decodeAnswer(frame.body)
    if (!decoded.ok) return this.#fail(decoded.fault)
    const answer = decoded.value
    const { primitives, versions, suites, network, label } = this.#config
    if (!versions.includes(answer.version)) {
      return this.#fail({ code: 'transport/channel-no-common', what: 'version' })
    }
    const suite = suites.find(({ number }) => number === answer.suite)
    if (suite === undefined) {
      return this.#fail({ code: 'transport/channel-no-common', what: 'suite' })
    }
    const opening = openingHash(primitives, network, label)
    const transcript = nextHash(
      primitives,
      nextHash(primitives, opening, hello),
      frameHeader(frameKind.answer, answerBytes),
      answer.clear,
    )
    const keys = this.#keys(own, answer, transcript)
    return keys.ok ? this.#open(suite, keys.value, transcript, answer) : this.#fail(keys.fault)
  }

  #keys(own: Ephemeral, answer: Answer, transcript: Bytes): Result<HandshakeKeys, ChannelFault> {
    const { primitives } = this.#config
    const x25519Secret = primitives.x25519.sharedSecret(own.x25519Secret, answer.x25519)
    const mlKemSecret = own.mlKem768.decapsulate(answer.ciphertext)
    const mlKemKey = own.mlKem768.publicKey
    wipe(own.x25519Secret)
    own.mlKem768[Symbol.dispose]()
    if (mlKemSecret === undefined) {
      return fail({ code: 'transport/channel-key-share', share: 'ml-kem-768' })
    }
    if (x25519Secret === undefined) {
      return fail({ code: 'transport/channel-key-share', share: 'x25519' })
    }
    const shares = {
      ciphertext: answer.ciphertext,
      mlKemKey,
      initiatorShare: own.x25519,
      responderShare: answer.x25519,
    }
    const secrets = { mlKemSecret, x25519Secret }
    return ok(handshakeKeys(primitives, { ...secrets, ...shares }, transcript))
  }

  /** Opens the responder's proof and checks all of it but the signature, which others compute. */
  #open(
    suite: ChannelSuite,
    keys: HandshakeKeys,
    clearTranscript: Bytes,
    answer: Answer,
  ): readonly HandshakeEffect[] {
    const { primitives, self } = this.#config
    const opened = openProof(primitives, suite, keys.responderSeal, clearTranscript, answer.sealed)
    if (opened === undefined) {
      return this.#fail({ code: 'transport/channel-unauthentic', what: 'answer' })
    }
    const proof = decodeProof(opened)
    const remote = peerIdOf(proof.publicKey)
    const tag = finishTag(
      primitives,
      keys.responderFinish,
      clearTranscript,
      remote,
      proof.signature,
    )
    if (!equalBytes(tag, proof.finish)) {
      return this.#fail({ code: 'transport/channel-finish', what: 'answer' })
    }
    if (remote === self) return this.#fail({ code: 'transport/own-peer' })
    wipe(keys.responderSeal, keys.responderFinish)
    const answered: Answered = {
      suite,
      keys,
      transcript: nextHash(primitives, clearTranscript, answer.sealed),
      remote,
      remoteKey: proof.publicKey.slice(),
    }
    this.#state = { name: 'proving', answered, verified: false, signature: undefined }
    const theirs = responderStatement(clearTranscript, remote)
    const signature = proof.signature.slice()
    const { remoteKey: publicKey, transcript } = answered
    const check = emitOutput({ type: 'verify', publicKey, body: theirs, signature })
    if (!this.#expects(remote)) return [check]
    // Both take a while, so we sign while theirs is checked; nothing is said before the check is done.
    const ours = initiatorStatement(transcript, self, remote)
    return [check, emitOutput({ type: 'sign', body: ours })]
  }

  #expects(remote: PeerId): boolean {
    const { expect } = this.#config
    return expect === 'first-contact' || expect === remote
  }

  #verified(
    state: State & { readonly name: 'proving' },
    valid: boolean,
  ): readonly HandshakeEffect[] {
    if (!valid) return this.#fail({ code: 'transport/channel-signature', what: 'answer' })
    const { remote } = state.answered
    // Only now, after its signature: a wrong peer is a proven fact.
    const { expect } = this.#config
    if (expect !== 'first-contact' && expect !== remote) {
      return this.#fail({ code: 'transport/wrong-peer', expected: expect, got: remote })
    }
    if (state.signature !== undefined) return this.#finish(state.answered, state.signature)
    this.#state = { ...state, verified: true }
    return []
  }

  #finish(answered: Answered, signature: Uint8Array): readonly HandshakeEffect[] {
    const { primitives, self, selfKey } = this.#config
    const { suite, keys, transcript, remote, remoteKey } = answered
    const finish = finishTag(primitives, keys.initiatorFinish, transcript, self, signature)
    const proof = { publicKey: selfKey, signature, finish }
    const sealed = sealProof(primitives, suite, keys.initiatorSeal, transcript, proof)
    const header = frameHeader(frameKind.finish, finishBytes)
    const last = nextHash(primitives, transcript, header, sealed)
    const secrets = trafficSecrets(primitives, keys.master, last)
    wipe(keys.initiatorSeal, keys.initiatorFinish)
    this.#state = { name: 'done' }
    const session: ChannelSession = {
      role: 'initiator',
      suite,
      remote,
      remoteKey,
      sendSecret: secrets.initiator,
      receiveSecret: secrets.responder,
      exporter: secrets.exporter,
    }
    return [
      sendFrame(frameKind.finish, sealed),
      { type: 'disarm', key: 'timeout' },
      emitOutput({ type: 'established', session }),
    ]
  }

  #fail(fault: ChannelFault): readonly HandshakeEffect[] {
    this.#wipe()
    this.#state = { name: 'done' }
    return [{ type: 'disarm', key: 'timeout' }, emitOutput({ type: 'failed', fault })]
  }

  #wipe(): void {
    const state = this.#state
    if (state.name === 'greeted') {
      wipe(state.own.x25519Secret)
      state.own.mlKem768[Symbol.dispose]()
    } else if (state.name === 'proving') {
      const { keys } = state.answered
      wipe(keys.responderSeal, keys.initiatorSeal, keys.responderFinish)
      wipe(keys.initiatorFinish, keys.master)
    }
  }
}
