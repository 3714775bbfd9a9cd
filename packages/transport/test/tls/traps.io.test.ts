import { generateKeyPairSync, sign } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { createIdentity } from '@kithnet/identity'
import { CodedError } from '@kithnet/kernel'
import { type Address, addressOf, addressParts, type DialOptions, type Link } from '@kithnet/types'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../src/suite/expect.ts'
import { frameKind, encodeFrame } from '../../src/frames.ts'
import { pem } from '../../src/tls/certificate.ts'
import { bitString, der, integer, objectId, sequence, utcTime } from '../../src/tls/der.ts'
import { tlsAvailable, tlsTransport } from '../../src/tls/index.ts'
import { freshSession, gone, listening, network, rawClient } from './raw-peer.ts'
import { at, relayTo } from './tcp-relay.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function dial(where: Address, options: DialOptions): Promise<Link> {
  const transport = tlsTransport({ identity: createIdentity(), network })
  cleanups.push(() => transport.close())
  return transport.dial(where, options)
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing thrown',
    (error: unknown) => (error instanceof CodedError ? error.code : String(error)),
  )
}

/** A TCP server that keeps what diallers send and answers nothing. */
async function silentServer(): Promise<{ readonly where: Address; readonly got: () => Buffer }> {
  const chunks: Buffer[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { readonly port: number }
  return {
    where: addressOf({ scheme: 'tls', host: 'localhost', port }),
    got: () => Buffer.concat(chunks),
  }
}

async function tlsServer(options: TlsOptions): Promise<Address> {
  const server = createTlsServer(options, (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const { port } = server.address() as { readonly port: number }
  return addressOf({ scheme: 'tls', host: '127.0.0.1', port })
}

/** A self-signed certificate of a classical key. */
function classical(): { readonly key: string; readonly cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const algorithm = sequence(objectId('1.3.101.112'))
  const validity = sequence(utcTime('200101000000Z'), utcTime('400101000000Z'))
  const body = sequence(
    der(0xa0, integer(new Uint8Array([2]))),
    integer(new Uint8Array([1])),
    algorithm,
    sequence(),
    validity,
    sequence(),
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const cert = sequence(body, algorithm, bitString(sign(null, body, privateKey)))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: pem('CERTIFICATE', cert),
  }
}

describe.skipIf(!tlsAvailable())('what tls must not fall for', () => {
  it('does not tell a wrong peer who dialled: our certificate never leaves', async () => {
    await using server = await listening()
    const relay = await relayTo(server.listener.address)
    cleanups.push(() => relay.close())
    const other = createIdentity().peer
    expect(await codeOf(dial(relay.address, { expect: other }))).toBe('transport/wrong-peer')
    await until(() => relay.fromListener() > 8_000, 'the listener showed its certificate')
    await new Promise((resolve) => setTimeout(resolve, 50))
    // A hello with the hybrid key share has about 1.5 KB; a certificate alone has 5.4 KB.
    expect(relay.fromDialler()).toBeLessThan(3_000)
    const before = relay.fromDialler()
    await dial(relay.address, { expect: server.peer })
    expect(relay.fromDialler() - before).toBeGreaterThan(8_000)
    expect(server.links).toHaveLength(1)
  })

  it('keeps a handshake within 22 KB', async () => {
    await using server = await listening()
    const relay = await relayTo(server.listener.address)
    cleanups.push(() => relay.close())
    await dial(relay.address, { expect: server.peer })
    expect(relay.fromDialler() + relay.fromListener()).toBeLessThan(22_000)
  })

  it('sheds a client without a certificate, although its session stands', async () => {
    await using server = await listening()
    const { cert: _cert, key: _key, ...session } = freshSession()
    const { socket, secured } = await rawClient(server.port, session)
    expect(secured).toBe(true)
    await gone(socket)
    await until(() => server.shed.length > 0, 'shed')
    expect(server.shed[0]!.fault).toEqual({ code: 'transport/tls-rejected', what: 'certificate' })
    expect(server.links).toEqual([])
  })

  it('sheds a client with a classical certificate', async () => {
    await using server = await listening()
    const { socket } = await rawClient(server.port, {
      ...freshSession(),
      sigalgs: 'mldsa65:ed25519',
      ...classical(),
    })
    await gone(socket)
    await until(() => server.shed.length > 0, 'shed')
    expect(server.shed[0]!.fault.code).toBe('transport/tls-rejected')
    expect(server.links).toEqual([])
  })

  it.each([
    ['a classical key exchange', { ecdhCurve: 'X25519' }],
    ['TLS 1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
    ['another protocol', { ALPNProtocols: ['h2'] }],
    ['classical signatures only', { sigalgs: 'ed25519' }],
  ] as const)('refuses a client with %s', async (_what, override) => {
    await using server = await listening()
    const options = { ...freshSession(), ...override } as object
    const { socket, secured } = await rawClient(server.port, options)
    expect(secured).toBe(false)
    await gone(socket)
    await until(() => server.shed.length > 0, 'shed')
    expect(server.shed[0]!.fault).toEqual({ code: 'transport/tls-rejected', what: 'handshake' })
    expect(server.links).toEqual([])
  })

  it('sheds a client that names no protocol', async () => {
    await using server = await listening()
    const { socket } = await rawClient(server.port, { ...freshSession(), ALPNProtocols: [] })
    await gone(socket)
    await until(() => server.shed.length > 0, 'shed')
    expect(server.shed[0]!.fault).toEqual({ code: 'transport/tls-rejected', what: 'alpn' })
  })

  it.each([
    ['a classical key exchange', { ecdhCurve: 'X25519' }],
    ['TLS 1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
    ['another protocol', { ALPNProtocols: ['h2'] }],
    ['a classical certificate', { sigalgs: 'ed25519:mldsa65', ...classical() }],
    ['no protocol', { ALPNProtocols: undefined }],
  ] as const)('does not dial a server with %s', async (_what, override) => {
    const where = await tlsServer({ ...freshSession(), ...override })
    const code = await codeOf(dial(where, { firstContact: true }))
    expect(code).toBe('transport/tls-rejected')
  })

  it('never resumes: a session that a client shows is not taken up', async () => {
    await using server = await listening()
    const options = freshSession()
    const first = await rawClient(server.port, options)
    const session = await new Promise<Buffer>((resolve) => {
      first.socket.on('session', resolve)
      first.socket.resume()
    })
    first.socket.destroy()
    const again = await rawClient(server.port, { ...options, session })
    expect(again.secured).toBe(true)
    expect(again.socket.isSessionReused()).toBe(false)
    again.socket.destroy()
  })

  it('does not say whom it dials: no server name in the hello', async () => {
    const server = await silentServer()
    const abort = new AbortController()
    const dialling = dial(server.where, { firstContact: true, signal: abort.signal })
    await until(() => server.got().length > 1_000, 'a hello')
    abort.abort(new Error('enough'))
    await expect(dialling).rejects.toThrow('enough')
    expect(server.got().includes('localhost')).toBe(false)
    expect(extensionsOf(server.got())).not.toContain(0)
    expect(extensionsOf(server.got())).toContain(16)
  })

  it('gives up a server that says nothing', async () => {
    const server = await silentServer()
    const transport = tlsTransport({
      identity: createIdentity(),
      network,
      caps: { handshakeTimeoutMs: 100 },
    })
    cleanups.push(() => transport.close())
    const dialling = transport.dial(server.where, { firstContact: true })
    expect(await codeOf(dialling)).toBe('transport/handshake-timeout')
  })

  it('sheds a peer that proves itself and then says nothing', async () => {
    await using server = await listening({ handshakeTimeoutMs: 150 })
    const { socket, secured } = await rawClient(server.port, freshSession())
    expect(secured).toBe(true)
    await gone(socket)
    expect(server.shed.map(({ fault }) => fault)).toEqual([
      { code: 'transport/handshake-timeout', timeoutMs: 150 },
    ])
    expect(server.links).toEqual([])
  })

  it.each([
    ['random bytes', new Uint8Array(200).fill(0xa5), 'transport/accept-malformed'],
    [
      'a stream before accepting',
      encodeFrame(frameKind.open, 1, new Uint8Array([0])),
      'transport/accept-malformed',
    ],
    [
      'an accept of another length',
      new Uint8Array([1, 0, 0, 5, 0, 0, 0, 0, 1]),
      'transport/accept-malformed',
    ],
    [
      'another version',
      encodeFrame(frameKind.accept, 0, new Uint8Array(81).fill(9)),
      'transport/wrong-version',
    ],
  ])('sheds a peer whose first frame is %s', async (_what, bytes, code) => {
    await using server = await listening()
    const { socket } = await rawClient(server.port, freshSession())
    socket.write(bytes)
    await gone(socket)
    await until(() => server.shed.length > 0, 'shed')
    expect(server.shed[0]!.fault.code).toBe(code)
    expect(server.links).toEqual([])
  })

  it('sheds a thousand silent connections while traffic flows, and serves again after them', async () => {
    await using server = await listening({ handshakeTimeoutMs: 400 })
    const standing = await dial(server.listener.address, { expect: server.peer })
    const stream = standing.open('pubsub')
    let echoed = 0
    stream.onMessage = () => echoed++
    await until(() => server.links.length === 1, 'the link')
    server.links[0]!.onStream = (far) => {
      far.onMessage = (message) => far.send(Uint8Array.from(message))
    }
    const sockets: Socket[] = []
    cleanups.push(() => sockets.forEach((socket) => socket.destroy()))
    const open = new Set<Socket>()
    for (let index = 0; index < 1_000; index++) {
      const socket = connect(server.port, '127.0.0.1')
      sockets.push(socket)
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => open.delete(socket))
      socket.resume()
      if (index % 100 === 0) stream.send(new Uint8Array([index & 255]))
    }
    await until(() => echoed === 10, 'traffic during the flood')
    await until(() => open.size === 0, 'all silent connections shed')
    const codes = new Map<string, number>()
    for (const { fault } of server.shed) codes.set(fault.code, (codes.get(fault.code) ?? 0) + 1)
    expect(codes.get('transport/busy')).toBeGreaterThanOrEqual(800)
    expect(
      (codes.get('transport/busy') ?? 0) + (codes.get('transport/handshake-timeout') ?? 0),
    ).toBe(1_000)
    const late = await dial(server.listener.address, { expect: server.peer })
    expect(late.remote).toBe(server.peer)
  })

  it('tells a cut from a goodbye', async () => {
    await using server = await listening()
    const relay = await relayTo(server.listener.address)
    cleanups.push(() => relay.close())
    const link = await dial(relay.address, { expect: server.peer })
    const ended = new Promise<string>((resolve) => {
      link.onClose = (cause) => resolve(cause)
    })
    relay.cut()
    expect(await ended).toBe('reset')
  })

  it('says what to do when the address is taken', async () => {
    await using server = await listening()
    const transport = tlsTransport({ identity: createIdentity(), network })
    cleanups.push(() => transport.close())
    await expect(transport.listen(server.listener.address, () => {})).rejects.toThrow(
      /listens on tls:\/\/127\.0\.0\.1:\d+ already\. Choose another port/,
    )
    expect(await codeOf(transport.listen(at('tls://192.0.2.1:0'), () => {}))).toBe(
      'transport/cannot-listen',
    )
    expect(addressParts(server.listener.address).port).toBeGreaterThan(0)
  })
})

/** Extension numbers of a ClientHello. Source: RFC 8446 section 4.1.2. */
function extensionsOf(record: Buffer): number[] {
  let offset = 5 + 4 + 2 + 32
  offset += 1 + record[offset]!
  offset += 2 + record.readUInt16BE(offset)
  offset += 1 + record[offset]!
  const end = offset + 2 + record.readUInt16BE(offset)
  const found: number[] = []
  for (offset += 2; offset < end; offset += 4 + record.readUInt16BE(offset + 2)) {
    found.push(record.readUInt16BE(offset))
  }
  return found
}
