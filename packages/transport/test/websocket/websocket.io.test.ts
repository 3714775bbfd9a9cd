import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { seededRng } from '@kithnet/kernel'
import { networkId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { websocketTransport as browserTransport } from '../../src/websocket/browser.ts'
import { ada, at, bob, codeOf, eve, incomingStream, message, network, Scene } from './scene.ts'

describe('a WebSocket link', () => {
  it('carries messages both ways and says what protects it', async () => {
    await using scene = new Scene()
    const { where, next } = await scene.listen()
    const accepting = next()
    const dialled = await scene.make({ identity: ada }).dial(where, { expect: bob.peer })
    const accepted = await accepting
    expect(dialled.remote).toBe(bob.peer)
    expect(accepted.remote).toBe(ada.peer)
    expect(dialled.info).toMatchObject({
      transport: 'websocket',
      direction: 'dialled',
      address: where,
    })
    expect(accepted.info).toMatchObject({ direction: 'accepted', address: '127.0.0.1' })
    expect(dialled.info.suite).toMatch(/X25519MLKEM768 ML-DSA-65/)
    const incoming = incomingStream(accepted)
    const out = dialled.open('pubsub')
    out.send(new Uint8Array([1, 2, 3]))
    const { back, first } = await incoming
    expect([...(await first)]).toEqual([1, 2, 3])
    back.send(new Uint8Array([4]))
    expect([...(await message(out))]).toEqual([4])
  })

  it('carries large messages whole', async () => {
    await using scene = new Scene()
    const { where, next } = await scene.listen()
    const accepting = next()
    const dialled = await scene.make({ identity: ada }).dial(where, { expect: bob.peer })
    const incoming = incomingStream(await accepting)
    const big = seededRng(1).bytes(5_000_000)
    const out = dialled.open('bulk')
    out.send(big)
    const received = await (await incoming).first
    expect(Buffer.compare(received, big)).toBe(0)
  })

  it('delivers what was queued before it says goodbye', async () => {
    await using scene = new Scene()
    const { where, next } = await scene.listen()
    const accepting = next()
    const dialled = await scene.make({ identity: ada }).dial(where, { expect: bob.peer })
    const accepted = await accepting
    let received = 0
    accepted.onStream = (incoming) => {
      incoming.onMessage = (bytes) => void (received += bytes.length)
    }
    const causes: unknown[] = []
    const over = new Promise<void>((resolve) => {
      accepted.onClose = (cause, fault) => {
        causes.push(cause, fault)
        resolve()
      }
    })
    const out = dialled.open('pubsub')
    for (let count = 0; count < 100; count++) out.send(new Uint8Array(10_000))
    await dialled.close()
    await over
    expect(received).toBe(1_000_000)
    expect(causes).toEqual(['closed', undefined])
  })

  it('that is destroyed tells the other end', async () => {
    await using scene = new Scene()
    const { where, next } = await scene.listen()
    const accepting = next()
    const dialled = await scene.make({ identity: ada }).dial(where, { expect: bob.peer })
    const accepted = await accepting
    const over = new Promise((resolve) => (accepted.onClose = (cause) => resolve(cause)))
    dialled.destroy()
    expect(await over).toBe('reset')
  })

  it('works through the standard class that browsers have', async () => {
    await using scene = new Scene()
    const { where, next } = await scene.listen()
    const browser = browserTransport({ identity: ada, network })
    const accepting = next()
    const dialled = await browser.dial(where, { expect: bob.peer })
    const incoming = incomingStream(await accepting)
    const out = dialled.open('bulk')
    const big = seededRng(2).bytes(3_000_000)
    out.send(big)
    const { back, first } = await incoming
    expect(Buffer.compare(await first, big)).toBe(0)
    back.send(big)
    expect(Buffer.compare(await message(out), big)).toBe(0)
    expect(await codeOf(browser.listen(at('ws://127.0.0.1:0'), () => undefined))).toBe(
      'transport/no-listening',
    )
    await browser.close()
  })
})

describe('dialling', () => {
  it('refuses a wrong peer, another network, oneself, nobody and no expectation', async () => {
    await using scene = new Scene()
    const { where, links } = await scene.listen()
    const adas = scene.make({ identity: ada })
    expect(await codeOf(adas.dial(where, { expect: eve.peer }))).toBe('transport/wrong-peer')
    const foreign = scene.make({ identity: ada, network: networkId('other') })
    expect(await codeOf(foreign.dial(where, { expect: bob.peer }))).toBe('transport/wrong-network')
    const same = scene.make({ identity: bob })
    expect(await codeOf(same.dial(where, { firstContact: true }))).toBe('transport/own-peer')
    expect(await codeOf(adas.dial(where, {}))).toBe('transport/whom')
    expect(await codeOf(adas.dial(at('ws://127.0.0.1:1'), { expect: bob.peer }))).toBe(
      'transport/unreachable',
    )
    expect(await codeOf(adas.dial(at('tls://127.0.0.1:1'), { expect: bob.peer }))).toBe(
      'transport/bad-address',
    )
    expect(links).toEqual([])
    const met = await adas.dial(where, { firstContact: true })
    expect(met.remote).toBe(bob.peer)
  })

  it('refuses a server that is no Kithnet node, and one that says nothing', async () => {
    await using scene = new Scene()
    const adas = scene.make({ identity: ada, caps: { handshakeTimeoutMs: 200 } })
    const plain = createServer((_, response) => void response.end('hello')).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const portOf = (): number => (plain.address() as { readonly port: number }).port
    const dial = adas.dial(at(`ws://127.0.0.1:${portOf()}`), { expect: bob.peer })
    expect(await codeOf(dial)).toBe('transport/unreachable')
    plain.on('upgrade', () => undefined)
    const silent = adas.dial(at(`ws://127.0.0.1:${portOf()}`), { expect: bob.peer })
    expect(await codeOf(silent)).toBe('transport/handshake-timeout')
    plain.closeAllConnections()
    plain.close()
  })

  it('rethrows the reason of an abort', async () => {
    await using scene = new Scene()
    const { where } = await scene.listen()
    const adas = scene.make({ identity: ada })
    const reason = new Error('changed my mind')
    const early = AbortSignal.abort(reason)
    await expect(adas.dial(where, { expect: bob.peer, signal: early })).rejects.toBe(reason)
    const abort = new AbortController()
    const dial = adas.dial(where, { expect: bob.peer, signal: abort.signal })
    abort.abort(reason)
    await expect(dial).rejects.toBe(reason)
  })

  it('ends with the transport', async () => {
    await using scene = new Scene()
    const { where } = await scene.listen()
    const adas = scene.make({ identity: ada })
    const dial = adas.dial(where, { expect: bob.peer })
    const settled = codeOf(dial)
    await adas.close()
    expect(await settled).toBe('transport/closed')
    expect(await codeOf(adas.dial(where, { expect: bob.peer }))).toBe('transport/closed')
  })
})

describe('listening', () => {
  it('says when the address is in use, or is none of ours', async () => {
    await using scene = new Scene()
    const { where } = await scene.listen()
    const adas = scene.make({ identity: ada })
    expect(await codeOf(adas.listen(where, () => undefined))).toBe('transport/address-in-use')
    expect(await codeOf(adas.listen(at('ws://192.0.2.1:1'), () => undefined))).toBe(
      'transport/cannot-listen',
    )
    expect(await codeOf(adas.listen(at('wss://127.0.0.1:0'), () => undefined))).toBe(
      'transport/bad-address',
    )
  })

  it('ends at once and frees the port, while links live on', async () => {
    await using scene = new Scene()
    const bobs = scene.make({ identity: bob })
    const listener = await bobs.listen(at('ws://127.0.0.1:0'), () => undefined)
    const adas = scene.make({ identity: ada })
    const link = await adas.dial(listener.address, { expect: bob.peer })
    let closed = false
    link.onClose = () => (closed = true)
    await listener.close()
    const again = await bobs.listen(listener.address, () => undefined)
    expect(again.address).toBe(listener.address)
    expect(closed).toBe(false)
  })
})

/** Opens plain TCP connections and waits until each is connected or refused. */
async function crowd(where: string, count: number): Promise<Socket[]> {
  const port = Number(where.split(':').at(-1))
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      return socket
    }),
  )
}

/** How many of these sockets the other side has ended. */
const ended = (sockets: readonly Socket[]): number =>
  sockets.filter((socket) => socket.destroyed || socket.readableEnded).length

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe('hostile connections', () => {
  it('1,000 that say nothing are shed while traffic flows', async () => {
    await using scene = new Scene()
    const { where, next } = await scene.listen({ caps: { handshakeTimeoutMs: 1_000 } })
    const accepting = next()
    const dialled = await scene.make({ identity: ada }).dial(where, { expect: bob.peer })
    const incoming = incomingStream(await accepting)
    const out = dialled.open('membership')
    out.send(new Uint8Array(1))
    const { back } = await incoming
    back.onMessage = (bytes) => void back.send(bytes)
    const silent: Socket[] = []
    for (let wave = 0; wave < 10; wave++) {
      silent.push(...(await crowd(where, 100)))
      const echo = message(out)
      out.send(new Uint8Array([wave]))
      expect((await echo).length).toBe(1)
    }
    for (const socket of silent) socket.resume()
    // All but 64 are turned away at the door; the rest when their time is up.
    await until(() => ended(silent) >= 936, 800)
    expect(ended(silent)).toBeGreaterThanOrEqual(936)
    await until(() => ended(silent) === 1_000, 3_000)
    expect(ended(silent)).toBe(1_000)
    const later = await scene.make({ identity: eve }).dial(where, { expect: bob.peer })
    expect(later.remote).toBe(bob.peer)
  })

  it('10,000 random frames are shed with typed faults while traffic flows', async () => {
    await using scene = new Scene()
    const { where, next } = await scene.listen()
    const accepting = next()
    const dialled = await scene.make({ identity: ada }).dial(where, { expect: bob.peer })
    const incoming = incomingStream(await accepting)
    const out = dialled.open('membership')
    out.send(new Uint8Array(1))
    const { back } = await incoming
    back.onMessage = (bytes) => void back.send(bytes)
    const rng = seededRng('random frames')
    const attackers = 40
    let sent = 0
    for (let wave = 0; wave < 250; wave += 10) {
      await Promise.all(
        Array.from({ length: attackers }, async () => {
          const socket = new WebSocket(`${where}/`, ['kithnet.1'])
          socket.addEventListener('open', () => {
            for (let count = 0; count < 10; count++) {
              const frame = rng.bytes(4 + rng.below(2_000))
              // Half of them with the header of a hello.
              if (rng.below(2) === 0) frame.set([1, 0, 4, 246])
              socket.send(frame)
              sent++
            }
          })
          socket.addEventListener('error', () => undefined)
          await once(socket, 'close')
        }),
      )
      const echo = message(out)
      out.send(new Uint8Array([wave & 255]))
      expect((await echo).length).toBe(1)
    }
    expect(sent).toBe(10_000)
    const codes = new Set(scene.refused.map((fault) => fault?.code))
    await until(() => scene.refused.length === 1_000, 2_000)
    expect(scene.refused).toHaveLength(1_000)
    expect([...codes].toSorted()).toEqual([
      'transport/channel-frame',
      'transport/channel-frame-length',
      'transport/channel-malformed',
    ])
  })

  it('leave nothing behind when the transport closes', async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length
    const before = sockets()
    {
      await using scene = new Scene()
      const { where } = await scene.listen()
      const silent = new WebSocket(`${where}/`, ['kithnet.1'])
      await once(silent, 'open')
      const adas = scene.make({ identity: ada })
      for (let count = 0; count < 5; count++) await adas.dial(where, { expect: bob.peer })
    }
    await until(() => sockets() <= before, 500)
    expect(sockets()).toBeLessThanOrEqual(before)
  })

  it('that upgrade and then say nothing, or nonsense, are cut with a fault', async () => {
    await using scene = new Scene()
    const { where, links } = await scene.listen({ caps: { handshakeTimeoutMs: 500 } })
    const silent = new WebSocket(`${where}/`, ['kithnet.1'])
    const loud = new WebSocket(`${where}/`, ['kithnet.1'])
    loud.addEventListener('open', () => loud.send(new Uint8Array([99, 0, 0, 1, 0])))
    const texting = new WebSocket(`${where}/`, ['kithnet.1'])
    texting.addEventListener('open', () => texting.send('hello'))
    const sockets = [silent, loud, texting]
    await Promise.all(sockets.map((socket) => once(socket, 'close')))
    await until(() => scene.refused.length === 3, 1_000)
    expect(scene.refused.map((fault) => fault?.code).toSorted()).toEqual([
      'transport/channel-frame',
      'transport/channel-truncated',
      expect.stringMatching(/channel-truncated|handshake-timeout/),
    ])
    expect(links).toEqual([])
  })

  it('that ask for pages, other protocols or too much are answered and cut', async () => {
    await using scene = new Scene()
    const { where } = await scene.listen()
    const http = where.replace('ws:', 'http:')
    const response = await fetch(http)
    expect(response.status).toBe(426)
    const other = new WebSocket(`${where}/`, ['chat'])
    other.addEventListener('error', () => undefined)
    await once(other, 'close')
    const greedy = new WebSocket(`${where}/`, ['kithnet.1'])
    greedy.addEventListener('open', () => greedy.send(new Uint8Array(70_000)))
    await once(greedy, 'close')
    const [raw] = await crowd(where, 1)
    raw!.resume()
    raw!.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)
    await once(raw!, 'close')
  })

  it('asks for cookies when many knock, and honest dialers still get in', async () => {
    await using scene = new Scene()
    const { where } = await scene.listen({ gate: { cookieAbove: 0 } })
    const link = await scene.make({ identity: ada }).dial(where, { expect: bob.peer })
    expect(link.remote).toBe(bob.peer)
  })
})
