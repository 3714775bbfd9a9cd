import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const entry = JSON.stringify(new URL('../src/index.ts', import.meta.url).href)

/** A page's `Worker`, over a thread whose program finds no Node: what is of Node is taken away before it loads. */
const pageWorker = `
  const { Worker: Thread } = process.getBuiltinModule('node:worker_threads')
  globalThis.Worker = class {
    #thread
    onmessage = null
    onerror = null
    constructor(url, { type }) {
      if (type !== 'module') throw new Error('the worker is a module')
      const source = \`
        const { parentPort } = process.getBuiltinModule('node:worker_threads')
        process.getBuiltinModule = undefined
        globalThis.postMessage = (data, transfer) => parentPort.postMessage(data, transfer)
        await import(\${JSON.stringify(url.href.replace(/\\.js$/, '.ts'))})
        parentPort.on('message', (data) => globalThis.onmessage({ data }))\`
      this.#thread = new Thread(new URL('data:text/javascript,' + encodeURIComponent(source)))
      this.#thread.on('message', (data) => this.onmessage?.({ data }))
      this.#thread.on('error', (error) => this.onerror?.(error))
      started++
    }
    postMessage(data, transfer) { this.#thread.postMessage(data, transfer) }
    terminate() { void this.#thread.terminate() }
  }`

/** Makes and rebuilds a content in a process that offers the package nothing but what a browser has. */
function inPage(worker: string): string {
  const source = `
    let started = 0
    ${worker}
    process.getBuiltinModule = undefined
    const { BlockPool, createContent, memorySource, rebuildContent } = await import(${entry})
    const data = new Uint8Array(700_000).map((_, at) => at * 7)
    const pool = new BlockPool({ workers: 2 })
    const content = await createContent(memorySource(data), { pool })
    const shares = Array.from({ length: 21 }, (_, index) => 2 * index)
    const back = new Uint8Array(data.length)
    for await (const part of rebuildContent(content.manifest, content.symbols(shares), { pool })) {
      back.set(part.bytes, part.start)
    }
    await pool.close()
    console.log(started, back.every((byte, at) => byte === data[at]))`
  const options = { timeout: 60_000, encoding: 'utf8' as const }
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], options)
  return child.stdout.trim() + child.stderr
}

test('a page encodes and decodes in Web Workers', () => {
  expect(inPage(pageWorker)).toBe('2 true')
})

test('a page without workers does it on its own thread', () => {
  expect(inPage('')).toBe('0 true')
})
