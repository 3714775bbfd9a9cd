/**
 * Hunts with one bug planted, or with none: `node planted-process.ts NAME FIRST LAST`. The bug is put into the source
 * as the file is loaded, in this process alone; nothing that ships can be switched. Says in one line of JSON which
 * seed found it, or that none did.
 */
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { workspaceRoot } from '../../workspace.ts'
import { plantedBugs } from './planted-bugs.ts'
import { plant } from './plant.ts'

/** What a hunt came to. */
export interface HuntEnd {
  readonly bug: string
  readonly seeds: number
  readonly found?: { readonly seed: number; readonly promise: string; readonly detail: string }
}

const [name = '', first = '1', last = '1000'] = process.argv.slice(2)
const bug = plantedBugs.find((one) => one.name === name)
if (bug === undefined && name !== 'none') throw new Error(`no planted bug is named "${name}"`)
if (bug !== undefined) {
  const url = pathToFileURL(join(workspaceRoot, bug.file)).href
  registerHooks({
    load(loading, context, next) {
      const loaded = next(loading, context)
      if (loading !== url) return loaded
      const { source } = loaded
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source)
      return { ...loaded, source: plant(bug, text) }
    },
  })
}

// Only now: what is imported before the hook stays whole.
const { hunt } = await import('./promises.ts')
const { installFastHash } = await import('../../../packages/runtime/src/hash-backend.ts')
await installFastHash()
const end = search()
process.stdout.write(`${JSON.stringify(end)}\n`)

function search(): HuntEnd {
  for (let seed = Number(first); seed <= Number(last); seed++) {
    const found = hunt(seed)
    if (found !== undefined) {
      return { bug: name, seeds: seed - Number(first) + 1, found: { seed, ...found } }
    }
  }
  return { bug: name, seeds: Number(last) - Number(first) + 1 }
}
