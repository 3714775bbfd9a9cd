import { createNode, type Node } from '@kithnet/runtime'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

interface Life {
  readonly peer: string
  /** The incarnation on its disk. */
  incarnation(): Promise<number>
  /** Ends it without a word. */
  kill(): Promise<void>
}

/** One life of the peer, as a process of its own. */
async function live(folder: string, first: Node): Promise<Life> {
  const path = fileURLToPath(new URL('restarting-node.ts', import.meta.url))
  const child: ChildProcess = fork(path, [join(folder, 'node.sqlite'), first.ticket()])
  cleanups.push(() => child.kill('SIGKILL'))
  const [{ peer }] = (await once(child, 'message')) as [{ peer: string }]
  return {
    peer,
    async incarnation() {
      const answer = once(child, 'message')
      child.send('incarnation')
      const [{ incarnation }] = (await answer) as [{ incarnation: number }]
      return incarnation
    },
    async kill() {
      const dead = new Promise<void>((resolve) => {
        first.on('dead', (fact) => (fact.peer === peer ? resolve() : undefined))
      })
      child.kill('SIGKILL')
      await dead
    },
  }
}

test(
  'a node that is killed outlives its earlier lives, whatever became of its disk',
  {
    timeout: 120_000,
  },
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'kithnet-incarnation-'))
    cleanups.push(() => rmSync(root, { recursive: true, force: true }))
    const folder = (name: string): string => mkdtempSync(join(root, `${name}-`))
    const first = await createNode({ network: 'test', preset: 'local' })
    cleanups.push(() => first.close())

    const kept = folder('kept')
    const lives: number[] = []
    const backup = folder('backup')
    for (let count = 0; count < 3; count++) {
      const life = await live(kept, first)
      lives.push(await life.incarnation())
      await life.kill()
      if (count === 0) cpSync(kept, backup, { recursive: true })
    }
    expect(lives[1]).toBeGreaterThan(lives[0]!)
    expect(lives[2]).toBeGreaterThan(lives[1]!)

    let last = lives[2]!
    for (const disk of [backup, folder('empty')]) {
      const life = await live(disk, first)
      const outranked = last
      await vi.waitFor(async () => expect(await life.incarnation()).toBeGreaterThan(outranked), {
        timeout: 20_000,
      })
      await vi.waitFor(() => expect(first.neighbours).toContain(life.peer), { timeout: 20_000 })
      last = await life.incarnation()
      await life.kill()
    }
  },
)
