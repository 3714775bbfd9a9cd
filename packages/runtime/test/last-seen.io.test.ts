import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createNode } from '@kithnet/runtime'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Reads the topic in a process of its own, from where an earlier life stopped; prints places and values. */
function reader(store: string, ticket: string): ChildProcess {
  const code = `
    import { createNode } from '@kithnet/runtime'
    import { openStore } from '@kithnet/store'
    const store = await openStore(${JSON.stringify(store)})
    const node = await createNode({ network: 'test', preset: 'local', store, join: ${JSON.stringify(ticket)} })
    const topic = node.topic('t', { delivery: 'durable' })
    for await (const { position, value } of topic.messages({ since: 'last-seen' })) {
      console.log(position, value)
    }
  `
  return spawn(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

interface Read {
  readonly position: number
  readonly value: number
}

/** What it prints until there is enough; then it is killed at once. */
async function readUntil(child: ChildProcess, enough: (read: Read) => boolean): Promise<Read[]> {
  const all: Read[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    const [position, value] = line.split(' ').map(Number)
    const read = { position: position!, value: value! }
    all.push(read)
    if (enough(read)) child.kill('SIGKILL')
  }
  return all
}

test('after kill -9 a reader goes on where it was: nothing is skipped', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kithnet-'))
  await using alice = await createNode({ network: 'test', preset: 'local' })
  const store = join(folder, 'node.sqlite')
  let sent = 0
  let isReading = true
  const publishing = (async () => {
    for (; isReading; sent++) {
      await alice.topic('t').publish(sent, { until: 'queued' })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  try {
    const seen = new Set<number>()
    let next = 1
    for (const last of [20, 45]) {
      const reads = await readUntil(
        reader(store, alice.ticket()),
        ({ position }) => position >= last,
      )
      expect(reads[0]!.position).toBeLessThanOrEqual(next)
      for (const [index, { position, value }] of reads.entries()) {
        expect(position).toBe(reads[0]!.position + index)
        seen.add(value)
      }
      next = reads.at(-1)!.position + 1
    }
    isReading = false
    await publishing
    await readUntil(reader(store, alice.ticket()), ({ value }) => seen.add(value).size === sent)
    expect([...seen].toSorted((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n))
  } finally {
    isReading = false
    await publishing
    rmSync(folder, { recursive: true, force: true })
  }
})
