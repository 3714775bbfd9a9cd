import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

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
        globalThis.postMessage = (data) => parentPort.postMessage(data)
        await import(\${JSON.stringify(url.href.replace(/\\.js$/, '.ts'))})
        parentPort.on('message', (data) => globalThis.onmessage({ data }))\`
      this.#thread = new Thread(new URL('data:text/javascript,' + encodeURIComponent(source)))
      this.#thread.on('message', (data) => this.onmessage?.({ data }))
      this.#thread.on('error', (error) => this.onerror?.(error))
    }
    postMessage(data) { this.#thread.postMessage(data) }
    terminate() { void this.#thread.terminate() }
  }`

/** Runs a script in a process that offers the package nothing but what a browser has. */
function inPage(script: string, worker = ''): string {
  const source = `
    ${worker}
    process.getBuiltinModule = undefined
    const identity = await import(${entry})
    const { createIdentity, selectBackend, verifyBatch, SlhDsaSigner, closeWorkers } = identity
    const codeOf = (promise) => promise.then(() => 'resolved', (error) => error.code)
    const me = createIdentity(new Uint8Array(32))
    const body = new Uint8Array(5)
    ${script}`
  const options = { timeout: 30_000, encoding: 'utf8' as const }
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], options)
  return child.stdout.trim() + child.stderr
}

describe('a host without Node', () => {
  it('uses JavaScript, signs and verifies in Web Workers, and ends them when asked', () => {
    const script = `
      const signature = await me.sign('batch', body)
      const claim = { domain: 'batch', publicKey: me.publicKey, body, signature }
      const answers = await verifyBatch([claim, { ...claim, domain: 'advert' }])
      const signer = new SlhDsaSigner()
      const key = await signer.key('slh-dsa-sha2-128f', me.exportSeed('slh-dsa-sha2-128f'))
      const slow = await key.sign('rotation', body)
      answers.push(await signer.verify(key.set, key.publicKey, 'rotation', body, slow))
      await signer[Symbol.asyncDispose]()
      await closeWorkers()
      console.log(selectBackend().name, signature.length, answers.join(), slow.length)`
    expect(inPage(script, pageWorker)).toBe('noble 3309 true,false,true 17088')
  })

  it('signs on its own thread where there are no workers either, and says what cannot be had', () => {
    const script = `
      const signature = await me.sign('batch', body)
      const claim = { domain: 'batch', publicKey: me.publicKey, body, signature }
      const [valid] = await verifyBatch([claim])
      const seed = me.exportSeed('slh-dsa-sha2-128f')
      const slow = await codeOf(new SlhDsaSigner().key('slh-dsa-sha2-128f', seed))
      const stored = await codeOf(identity.createKeystore('any.kithkey', { kind: 'none' }))
      console.log(signature.length, valid, slow, stored)`
    expect(inPage(script)).toBe('3309 true identity/worker-lost identity/no-file-system')
  })
})
