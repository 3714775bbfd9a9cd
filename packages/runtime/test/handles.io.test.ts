import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a module in a process of its own, which must end by itself; gives what it printed. */
function runs(code: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root,
    timeout: 20_000,
    encoding: 'utf8',
  })
}

test('a process ends by itself once its nodes are closed', () => {
  const out = runs(`
    import { createNode } from '@kithnet/runtime'
    const alice = await createNode()
    const bob = await createNode({ join: alice.ticket() })
    const inbox = bob.topic('t').messages()
    await alice.topic('t').publish('x', { until: 'acknowledged' })
    console.log((await inbox.next()).value.value)
    await bob.close()
    await alice.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    console.log(process.getActiveResourcesInfo().filter((one) => !/TTY|Pipe|FSReqPromise/.test(one)).join())
  `)
  expect(out).toBe('x\n\n')
})

test('nothing is left unhandled when a peer dies, a join fails and a listener throws', () => {
  const out = runs(`
    import { createNode } from '@kithnet/runtime'
    process.on('unhandledRejection', (error) => console.log('unhandled', error))
    process.on('uncaughtException', (error) => console.log('uncaught', error))
    const alice = await createNode({ preset: 'local' })
    const bob = await createNode({ preset: 'local', join: alice.ticket() })
    const errors = []
    alice.on('error', ({ error }) => errors.push(error.message))
    alice.on('neighbourLost', () => { throw new Error('mine') })
    const pending = alice.topic('t').publish('x', { until: 'acknowledged' }).catch((error) => error.code)
    await bob.close()
    await new Promise((resolve) => setTimeout(resolve, 300))
    await alice.close()
    await pending
    console.log(errors.join())
  `)
  expect(out).toBe('mine\n')
})
