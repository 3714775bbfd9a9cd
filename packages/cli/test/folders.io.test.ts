import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folders, privateFolder } from '../src/folders.ts'

test('KITH_HOME replaces the XDG folders', () => {
  expect(folders({ KITH_HOME: '/h' })).toEqual({
    identities: join('/h', 'identities'),
    data: join('/h', 'data'),
    run: join('/h', 'run'),
  })
  const xdg = folders({ XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d', XDG_RUNTIME_DIR: '/r' })
  expect(xdg.identities).toBe(join('/c', 'kithnet', 'identities'))
  expect(xdg.run).toBe(join('/r', 'kithnet'))
})

test('a folder is the user’s alone, and one that others may write to is refused', () => {
  const home = mkdtempSync(join(tmpdir(), 'kith-folders-'))
  try {
    const path = privateFolder(join(home, 'run'))
    expect(statSync(path).mode & 0o777).toBe(0o700)
    chmodSync(path, 0o777)
    expect(() => privateFolder(path)).toThrow('cli/unsafe-folder')
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
