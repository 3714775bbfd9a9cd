import { seededRng } from '@kithnet/kernel'
import { createIdentity } from '@kithnet/identity'
import { createNode } from '@kithnet/runtime'
import { tlsTransport } from '@kithnet/transport/tls'
import { address, addressParts, networkId, type Link } from '@kithnet/types'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'

const network = networkId('test')

async function until(what: string, holds: () => boolean, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('1,000 connections that say nothing are shed while traffic flows', async () => {
  await using alice = await createNode({ network: 'test', preset: 'local' })
  await using bob = await createNode({ preset: 'local', join: alice.ticket() })
  let heard = 0
  bob.topic('t').listen(() => heard++)
  const { host, port } = addressParts(alice.addresses[0]!)
  const before = process.memoryUsage.rss()
  let ended = 0
  const sockets: Socket[] = []
  for (let index = 0; index < 1_000; index++) {
    const socket = connect(port, host)
    socket.on('error', () => {})
    socket.on('close', () => ended++)
    sockets.push(socket)
  }
  for (let index = 0; index < 100; index++) await alice.topic('t').publish(index)
  await until('the traffic', () => heard === 100)
  await until('every silent connection is ended', () => ended === 1_000)
  expect((process.memoryUsage.rss() - before) / 1e6).toBeLessThan(150)
})

test('10,000 random and mutated frames are refused with typed faults, the sender is shed, traffic flows', async () => {
  await using alice = await createNode({ network: 'test', preset: 'local' })
  await using bob = await createNode({ preset: 'local', join: alice.ticket() })
  let heard = 0
  bob.topic('t').listen(() => heard++)
  const codes = new Set<string>()
  let shed = 0
  alice.on('fault', ({ fault }) => codes.add(fault.code))
  alice.on('shed', () => shed++)

  const rng = seededRng('hostile')
  const where = address(alice.addresses[0]!)
  if (!where.ok) throw new Error('the address of a node is well formed')
  let sent = 0
  let links = 0
  const valid = new Uint8Array([0x82, 0x01, 0x82, 0x18, 0x20, 0x40])
  while (sent < 10_000 && links < 2_000) {
    const transport = tlsTransport({ identity: createIdentity(), network })
    let link: Link
    try {
      link = await transport.dial(where.value, { expect: alice.id })
    } catch {
      await transport.close()
      continue
    } finally {
      links++
    }
    let open = true
    link.onClose = () => {
      open = false
    }
    const stream = link.open(rng.below(2) === 0 ? 'pubsub' : 'membership')
    for (let index = 0; open && index < 500 && sent < 10_000; index++, sent++) {
      const frame = rng.below(2) === 0 ? rng.bytes(rng.below(200)) : valid.slice()
      if (frame.length > 0) frame[rng.below(frame.length)]! ^= 1 << rng.below(8)
      try {
        if (!stream.send(frame)) await stream.drained()
      } catch {
        break
      }
      if (index % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await transport.close()
  }
  expect(sent).toBe(10_000)
  for (let index = 0; index < 50; index++) await alice.topic('t').publish(index)
  await until('the traffic', () => heard === 50)
  await until('a hostile link was shed', () => shed > 0)
  expect(codes.size).toBeGreaterThan(2)
  for (const code of codes) expect(code).toMatch(/^[a-z-]+\/[a-z0-9-]+$/)
})
