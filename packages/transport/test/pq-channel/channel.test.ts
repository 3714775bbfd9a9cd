import { createIdentity, selectBackend } from '@kithnet/identity'
import { type Fault, hasCode, type LinkDownCause, seededRng } from '@kithnet/kernel'
import { networkId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import {
  acceptChannel,
  type ChannelOptions,
  dialChannel,
  type SecureChannel,
} from '../../src/pq-channel/channel.ts'
import { HandshakeGate } from '../../src/pq-channel/gate.ts'
import { FrameReader, frameKind } from '../../src/pq-channel/frames.ts'
import type { ChannelSession } from '../../src/pq-channel/handshake.ts'
import { PqPipe } from '../../src/pq-channel/pq-pipe.ts'
import { channelPrimitives, chaChaSuite } from '../../src/pq-channel/primitives.ts'
import { carrierPair, type MemoryCarrier, type OnWay } from './carrier-pair.ts'

const network = networkId('channel')
const [ada, bob, eve] = [1, 2, 3].map((fill) => createIdentity(new Uint8Array(32).fill(fill)))
const primitives = channelPrimitives(selectBackend())

interface Met {
  readonly dialled: SecureChannel
  readonly accepted: SecureChannel
  readonly left: MemoryCarrier
  readonly right: MemoryCarrier
}

async function meet(onWay?: OnWay, options?: Partial<ChannelOptions>): Promise<Met> {
  const { left, right } = carrierPair(onWay)
  const gate = new HandshakeGate(primitives)
  const [dialled, accepted] = await Promise.all([
    dialChannel(left, { identity: ada!, network, expect: bob!.peer, ...options }),
    acceptChannel(right, { identity: bob!, network, gate }),
  ])
  return { dialled, accepted, left, right }
}

/** Reads a pipe to its end. */
function readAll(
  pipe: PqPipe,
): Promise<{ bytes: Uint8Array; cause: LinkDownCause; fault: Fault | undefined }> {
  const chunks: Uint8Array[] = []
  return new Promise((resolve) => {
    pipe.onData = (chunk) => void chunks.push(chunk)
    pipe.onClose = (cause, fault) => {
      resolve({ bytes: Uint8Array.from(Buffer.concat(chunks)), cause, fault })
    }
    pipe.resume()
  })
}

describe('a channel', () => {
  it('tells both ends who the other is, by which suite, with one exporter', async () => {
    const { dialled, accepted, left, right } = await meet()
    expect(dialled.remote).toBe(bob!.peer)
    expect(accepted.remote).toBe(ada!.peer)
    expect(dialled.remoteKey).toEqual(bob!.publicKey)
    expect(dialled.suite).toMatch(/^pq-channel\/1 X25519MLKEM768 ML-DSA-65 /)
    expect(accepted.suite).toBe(dialled.suite)
    expect(accepted.exporter).toEqual(dialled.exporter)
    expect(left.sentBytes + right.sentBytes).toBe(13_054)
  })

  it('carries bytes both ways, in order, and ends with a goodbye', async () => {
    const { dialled, accepted } = await meet()
    const sent = seededRng(1).bytes(300_000)
    const [there, back] = [readAll(accepted.pipe), readAll(dialled.pipe)]
    for (let at = 0; at < sent.length; at += 7_777) {
      dialled.pipe.write(sent.slice(at, at + 7_777))
    }
    accepted.pipe.write(sent.slice(0, 10))
    dialled.pipe.end()
    expect(await there).toEqual({ bytes: sent, cause: 'closed', fault: undefined })
    expect(await back).toEqual({ bytes: sent.slice(0, 10), cause: 'closed', fault: undefined })
  })

  it('delivers what the initiator sends behind its finish, and nothing before the check', async () => {
    const { left, right } = carrierPair()
    const gate = new HandshakeGate(primitives)
    const accepting = acceptChannel(right, { identity: bob!, network, gate })
    const dialled = await dialChannel(left, { identity: ada!, network, expect: bob!.peer })
    dialled.pipe.write(new Uint8Array([1, 2, 3]))
    dialled.pipe.end()
    const accepted = await accepting
    const { bytes, cause } = await readAll(accepted.pipe)
    expect([...bytes]).toEqual([1, 2, 3])
    expect(cause).toBe('closed')
  })

  it('holds the sender back while the reader is paused', async () => {
    const { dialled, accepted } = await meet()
    let received = 0
    accepted.pipe.onData = (chunk) => {
      received += chunk.length
      accepted.pipe.pause()
    }
    accepted.pipe.resume()
    let written = 0
    while (dialled.pipe.write(new Uint8Array(60_000))) written += 60_000
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(received).toBe(60_000)
    expect(dialled.pipe.bufferedBytes).toBeGreaterThan(900_000)
    const drained = new Promise<void>((resolve) => (dialled.pipe.onDrain = resolve))
    accepted.pipe.onData = (chunk) => void (received += chunk.length)
    accepted.pipe.resume()
    await drained
    dialled.pipe.end()
    await new Promise<void>((resolve) => (accepted.pipe.onClose = () => resolve()))
    expect(received).toBe(written + 60_000)
  })

  it('that is cut reports the truncation', async () => {
    const { dialled, accepted, left } = await meet()
    const end = readAll(accepted.pipe)
    dialled.pipe.write(new Uint8Array(10))
    await new Promise((resolve) => setTimeout(resolve, 5))
    left.destroy()
    expect(await end).toEqual({
      bytes: new Uint8Array(10),
      cause: 'reset',
      fault: { code: 'transport/channel-truncated', state: 'open' },
    })
  })

  it('that somebody changes, repeats or thins out is cut with a fault', async () => {
    const damages: readonly OnWay[] = [
      (bytes) => {
        bytes[bytes.length - 1]! ^= 1
        return bytes
      },
      (bytes) => Uint8Array.from([...bytes, ...bytes]),
      (() => {
        let count = 0
        return (bytes: Uint8Array) => (count++ === 0 ? undefined : bytes)
      })(),
    ]
    for (const damage of damages) {
      let armed = false
      const { dialled, accepted } = await meet((bytes, from) =>
        armed && from === 'left' ? damage(bytes, from) : bytes,
      )
      armed = true
      const end = readAll(accepted.pipe)
      dialled.pipe.write(new Uint8Array(10))
      dialled.pipe.write(new Uint8Array(10))
      const { cause, fault } = await end
      expect(cause).toBe('reset')
      expect(fault).toEqual({ code: 'transport/channel-unauthentic', what: 'record' })
    }
  })

  it('is destroyed with the owner’s fault, not within the call', async () => {
    const { dialled } = await meet()
    const closed: unknown[] = []
    dialled.pipe.onClose = (cause, fault) => void closed.push(cause, fault)
    const fault = { code: 'test/owner' }
    dialled.pipe.destroy(fault)
    expect(closed).toEqual([])
    await Promise.resolve()
    expect(closed).toEqual(['reset', fault])
  })
})

describe('a pipe', () => {
  it('changes its keys as it goes, and nobody notices', async () => {
    const { left, right } = carrierPair()
    const kinds = new Set<number>()
    const send = left.send.bind(left)
    left.send = (bytes) => {
      kinds.add(bytes[0]!)
      return send(bytes)
    }
    const secrets = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill))
    const session = (role: 'initiator' | 'responder'): ChannelSession => {
      const [up, down, exporter] = secrets.map((secret) => secret.slice())
      const [sendSecret, receiveSecret] = role === 'initiator' ? [up, down] : [down, up]
      return {
        role,
        suite: chaChaSuite,
        remote: eve!.peer,
        remoteKey: eve!.publicKey,
        sendSecret: sendSecret!,
        receiveSecret: receiveSecret!,
        exporter: exporter!,
      }
    }
    const limits = { records: 3, bytes: 10_000, ageMs: 600_000 }
    const common = { primitives, limits }
    const one = new PqPipe({
      ...common,
      carrier: left,
      reader: new FrameReader(),
      session: session('initiator'),
    })
    const two = new PqPipe({
      ...common,
      carrier: right,
      reader: new FrameReader(),
      session: session('responder'),
    })
    const reading = readAll(two)
    const sent = seededRng(5).bytes(50_000)
    for (let at = 0; at < sent.length; at += 700) one.write(sent.slice(at, at + 700))
    one.end()
    expect(await reading).toEqual({ bytes: sent, cause: 'closed', fault: undefined })
    expect([...kinds].toSorted()).toEqual([frameKind.data, frameKind.ratchet, frameKind.close])
  })
})

describe('a handshake that fails', () => {
  it('throws a code and a sentence, at both ends where both can know', async () => {
    const { left, right } = carrierPair()
    const gate = new HandshakeGate(primitives)
    const dial = dialChannel(left, { identity: ada!, network, expect: eve!.peer })
    const accept = acceptChannel(right, { identity: bob!, network, gate })
    const [one, two] = await Promise.allSettled([dial, accept])
    const reason = one.status === 'rejected' ? (one.reason as Error) : undefined
    expect(hasCode(reason, 'transport/wrong-peer')).toBe(true)
    expect(reason?.message).toMatch(/not the expected .*check the address/)
    expect(two.status === 'rejected' && hasCode(two.reason, 'transport/channel-truncated')).toBe(
      true,
    )
    expect(gate.halfOpen).toBe(0)
  })

  it('tells a dialler of another network', async () => {
    const { left, right } = carrierPair()
    const gate = new HandshakeGate(primitives)
    const other = networkId('other')
    const dial = dialChannel(left, { identity: ada!, network: other, expect: bob!.peer })
    const accept = acceptChannel(right, { identity: bob!, network, gate })
    for (const outcome of await Promise.allSettled([dial, accept])) {
      expect(
        outcome.status === 'rejected' && hasCode(outcome.reason, 'transport/wrong-network'),
      ).toBe(true)
    }
  })

  it('rethrows the reason of an abort and ends the carrier', async () => {
    for (const when of ['before', 'during'] as const) {
      const { left } = carrierPair()
      const abort = new AbortController()
      const reason = new Error('enough')
      if (when === 'before') abort.abort(reason)
      const { signal } = abort
      const dial = dialChannel(left, { identity: ada!, network, expect: bob!.peer, signal })
      if (when === 'during') abort.abort(reason)
      await expect(dial).rejects.toBe(reason)
      expect(left.ended).toBe(true)
    }
  })

  it('because the other end floods it: what is kept while a signature is made has a bound', async () => {
    const { left, right } = carrierPair()
    const gate = new HandshakeGate(primitives)
    const slow = {
      peer: bob!.peer,
      publicKey: bob!.publicKey,
      sign: () => new Promise<never>(() => undefined),
    }
    // This carrier delivers though it is asked to pause.
    right.pause = () => undefined
    const accept = acceptChannel(right, { identity: slow, network, gate })
    const dial = dialChannel(left, { identity: ada!, network, expect: bob!.peer })
    const outcome = Promise.allSettled([accept, dial])
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (let count = 0; count < 20; count++) left.send(new Uint8Array(60_000))
    const [two] = await outcome
    expect(two.status === 'rejected' && hasCode(two.reason, 'transport/channel-flood')).toBe(true)
    expect(gate.halfOpen).toBe(0)
  })

  it('for want of a signature throws what the signer threw', async () => {
    const { left, right } = carrierPair()
    const gate = new HandshakeGate(primitives)
    const lost = new Error('the key is gone')
    const keyless = {
      peer: bob!.peer,
      publicKey: bob!.publicKey,
      sign: () => Promise.reject(lost),
    }
    const accept = acceptChannel(right, { identity: keyless, network, gate })
    const dial = dialChannel(left, { identity: ada!, network, expect: bob!.peer })
    const [two, one] = await Promise.allSettled([accept, dial])
    expect(two.status === 'rejected' && two.reason).toBe(lost)
    expect(one.status === 'rejected' && hasCode(one.reason, 'transport/channel-truncated')).toBe(
      true,
    )
    expect(gate.halfOpen).toBe(0)
  })
})
