import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesTopic, LocalNetwork, type Member } from '../local-network.ts'

const told: { readonly name: string; readonly text: string; readonly at: number }[] = []
const network = new LocalNetwork(5, {
  note: (name, text) => told.push({ name, text, at: Date.now() }),
  message: () => {},
  changed: () => {},
})
let published = 0

beforeAll(async () => {
  await network.start()
  await network.meshed(30_000)
})
afterAll(() => network.killAll())

async function publish(member: Member, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const line = { n: published++, text: `line ${published}`, sentMs: Date.now() }
    await network.publish(member, linesTopic, line)
  }
}

async function until(what: string, holds: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const haveAll = (): boolean =>
  network.running.every((member) => member.ledger.delivered === published)

test('kill -9 of a peer: its neighbours notice within 5 s, and later messages reach all that live', async () => {
  await publish(network.peers[0]!, 20)
  await until('the first lines', haveAll, 10_000)
  const victim = network.peers[2]!
  const { activeView } = (await network.status(victim)).overlay
  const neighbours = network.members.filter((member) => activeView.includes(member.peer))
  expect(neighbours.length).toBeGreaterThan(0)
  const at = Date.now()
  victim.program!.kill()
  const noticed = (member: Member): boolean =>
    told.some(
      (one) =>
        one.name === member.name && one.at >= at && /(lost|suspects|dead).*peer-3/.test(one.text),
    )
  await until('every neighbour noticed', () => neighbours.every(noticed), 5_000)
  await publish(network.peers[0]!, 10)
  await publish(network.peers[4]!, 10)
  await until('lines after the crash', haveAll, 10_000)
})

test('started again it is the same peer, rejoins and catches up', async () => {
  const victim = network.peers[2]!
  const before = victim.peer
  await network.startMember(victim)
  expect(victim.peer).toBe(before)
  await until('all lines, also those it missed', haveAll, 20_000)
  await publish(victim, 5)
  await until('its own lines', haveAll, 10_000)
})

test('kill -9 of the coordinator: the mesh goes on', async () => {
  network.coordinator.program!.kill()
  await until('it is gone', () => network.coordinator.program === undefined, 5_000)
  await publish(network.peers[1]!, 10)
  await until('lines without it', haveAll, 10_000)
  expect(network.members.every((member) => member.ledger.duplicates === 0)).toBe(true)
  expect(network.members.every((member) => member.verificationFailures === 0)).toBe(true)
})
