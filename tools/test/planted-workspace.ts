import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A workspace on disk for one test, gone when it is disposed. */
export interface PlantedWorkspace extends Disposable {
  readonly root: string
}

/** Writes files, by path from the root; what is not a string is written as JSON. */
export function plant(files: Readonly<Record<string, unknown>>): PlantedWorkspace {
  const root = mkdtempSync(join(tmpdir(), 'kithnet-planted-'))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) }
}
