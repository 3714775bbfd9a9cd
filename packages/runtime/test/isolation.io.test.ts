import { createIdentity } from '@kithnet/identity'
import { createNode } from '@kithnet/runtime'
import { expect, test } from 'vitest'

test('a node whose only contact went says that it is alone, and is back when the contact is', async () => {
  const options = {
    network: 'test',
    preset: 'local',
    identity: createIdentity(),
  } as const
  const first = await createNode(options)
  const [address] = first.status().addresses
  await using bob = await createNode({ network: 'test', preset: 'local', join: first.ticket() })
  const isolated = new Promise((resolve) => bob.on('isolated', resolve))
  const healed = new Promise((resolve) => bob.on('healed', resolve))
  await first.close()
  expect(await isolated).toEqual({ cause: 'alone' })
  expect(bob.status().overlay.isolation).toBe('alone')
  await using again = await createNode({ ...options, listen: [address!] })
  expect(await healed).toEqual({ neighbours: 1 })
  expect(bob.status().overlay.isolation).toBeUndefined()
  expect(bob.neighbours).toEqual([again.id])
})
