import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromUtf8, seededRng } from '@kithnet/kernel'
import { openStore } from '@kithnet/store'
import type { Store } from '@kithnet/types'
import { expect, test } from 'vitest'

const kills = 52

/** Runs the writer and kills it; resolves with the whole lines that it printed. */
function killedAfter(ms: number, path: string, from: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'kill-writer.ts')
  const child = spawn(process.execPath, [script, path, `${from}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    const started = printed.length > 0
    printed += text
    if (!started) setTimeout(() => child.kill('SIGKILL'), ms)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal === 'SIGKILL') resolve(printed.split('\n').slice(0, -1))
      else reject(new Error('the writer ended by itself'))
    })
  })
}

async function names(store: Store, space: string): Promise<string[]> {
  const entries = await store.scan(space, { limit: 1_000_000 })
  return entries.map(({ key, value }) => `${fromUtf8(key)} ${value.length} ${value[0]}`)
}

test(`a writer killed ${kills} times has lost nothing that was acknowledged, and left no batch torn`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kithnet-kill-'))
  const path = join(folder, 'store.db')
  const rng = seededRng('kill')
  let acknowledged = 0
  let from = 0
  try {
    for (let round = 0; round < kills; round++) {
      const lines = await killedAfter(rng.below(40), path, from)
      await using store = await openStore(path)
      const inA = await names(store, 'a')
      expect(await names(store, 'b')).toEqual(inA)
      const known = new Set(inA.map((name) => name.split(' ')[0]))
      const log = await store.read('log', 1, 1_000_000)
      const logged = log.map(({ value }) => fromUtf8(value))
      expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1))
      expect(logged.every((name, index) => name === logged[index ^ 1])).toBe(true)
      for (const line of lines.slice(1)) {
        const [kind, first, name] = line.split(' ')
        if (kind === 'w') expect(known.has(first)).toBe(true)
        else expect(logged[Number(first) - 1]).toBe(name)
        acknowledged++
      }
      // Start afresh so that a round stays short; positions go on.
      from += 1_000_000
      const keys = await store.scan('a', { limit: 1_000_000 })
      await store.write(
        keys.flatMap(({ key }) => ['a', 'b'].map((space) => ({ space, key, value: undefined }))),
      )
    }
    console.log(`${acknowledged} acknowledged writes survived ${kills} kills`)
    expect(acknowledged).toBeGreaterThan(kills)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
