/** Writes until it is killed, and says on standard output what was acknowledged. Run by `kill.io.test.ts`. */
import { utf8 } from '@kithnet/kernel'
import { openStore } from '@kithnet/store'

const [path = '', from = '0'] = process.argv.slice(2)
const store = await openStore(path)
let next = Number(from)

async function write(): Promise<void> {
  for (;;) {
    const name = `${next++}`
    const value = new Uint8Array(100 + (next % 7) * 900).fill(next)
    await store.write([
      { space: 'a', key: utf8(name), value },
      { space: 'b', key: utf8(name), value },
    ])
    process.stdout.write(`w ${name}\n`)
    const position = await store.append('log', [utf8(name), utf8(name)])
    process.stdout.write(`a ${position} ${name}\n`)
  }
}

process.stdout.write('ready\n')
await Promise.all([write(), write(), write(), write()])
