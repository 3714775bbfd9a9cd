import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError, toHex } from '@kithnet/kernel'
import {
  changeKeystore,
  createKeystore,
  describeKeystore,
  exportKeystore,
  importKeystore,
  KeystoreFolder,
  maxKeyFileBytes,
  openKeystore,
  type Protection,
} from '@kithnet/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder: string
let next = 0
const fresh = (): string => join(folder, `file-${next++}`)
/** As cheap as the format allows: what a guess costs is tested once, below. */
const cost = { log2N: 10, r: 8, p: 1 }
const password = (text: string): Protection => ({ kind: 'password', password: text })
const none: Protection = { kind: 'none' }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kithnet-keystore-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'resolved'
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    expect(error.message.length).toBeGreaterThan(30)
    return error.code
  }
}

describe('a key file', () => {
  it('gives the identity back under its password, at the default cost', async () => {
    const path = fresh()
    const { identity, phrase } = await createKeystore(path, password('correct horse'), {
      alias: 'Zoë',
    })
    expect(identity.verifyPhrase(phrase)).toBe(true)
    const opened = await openKeystore(path, password('correct horse'))
    expect(opened.peer).toBe(identity.peer)
    expect(opened.exportRoot()).toEqual(identity.exportRoot())
    expect(await describeKeystore(path)).toEqual({
      peer: identity.peer,
      alias: 'Zoë',
      protected: true,
    })
  })

  it('is readable by its owner only, whatever the umask, and holds no secret in clear', async () => {
    const path = fresh()
    const umask = process.umask(0)
    const { identity, phrase } = await createKeystore(path, password('p'), { cost })
    process.umask(umask)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const text = toHex(await readFile(path))
    for (const secret of [
      identity.exportRoot(),
      identity.exportSeed('ml-dsa-65'),
      Buffer.from(phrase),
    ]) {
      expect(text).not.toContain(toHex(secret))
    }
  })

  it('tells a wrong password from damage, at every byte', async () => {
    const path = fresh()
    await createKeystore(path, password('right'), { cost })
    expect(await codeOf(openKeystore(path, password('wrong')))).toBe('identity/wrong-password')
    const bytes = await readFile(path)
    const damaged = fresh()
    for (let at = 0; at < bytes.length; at++) {
      await writeFile(damaged, bytes.with(at, bytes[at]! ^ 0x10))
      expect(await codeOf(openKeystore(damaged, password('right'))), `byte ${at}`).toBe(
        'identity/corrupt',
      )
    }
    for (let end = 0; end < bytes.length; end += 7) {
      await writeFile(damaged, bytes.subarray(0, end))
      expect(await codeOf(openKeystore(damaged, password('right'))), `end ${end}`).toBe(
        'identity/corrupt',
      )
    }
    await writeFile(damaged, new Uint8Array(maxKeyFileBytes + 1))
    expect(await codeOf(describeKeystore(damaged))).toBe('identity/corrupt')
  })

  it('accepts one password in both of its Unicode forms', async () => {
    const path = fresh()
    await createKeystore(path, password('caf\u00e9'), { cost })
    expect(await codeOf(openKeystore(path, password('cafe\u0301')))).toBe('resolved')
  })

  it('goes without a password only when that is asked for by name', async () => {
    const path = fresh()
    expect(await codeOf(createKeystore(path, password('')))).toBe('identity/password-needed')
    const { identity } = await createKeystore(path, none)
    expect((await openKeystore(path, none)).peer).toBe(identity.peer)
    expect(await codeOf(openKeystore(path, password('x')))).toBe('identity/not-protected')
    const guarded = fresh()
    await createKeystore(guarded, password('x'), { cost })
    expect(await codeOf(openKeystore(guarded, none))).toBe('identity/password-needed')
  })

  it('is never overwritten by a new one, not even through a link or in a race', async () => {
    const path = fresh()
    const { identity } = await createKeystore(path, none)
    expect(await codeOf(createKeystore(path, none))).toBe('identity/exists')
    const link = fresh()
    await symlink(path, link)
    expect(await codeOf(createKeystore(link, none))).toBe('identity/exists')
    expect((await openKeystore(path, none)).peer).toBe(identity.peer)
    const contested = fresh()
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => codeOf(createKeystore(contested, none))),
    )
    expect(outcomes.filter((outcome) => outcome === 'resolved').length).toBe(1)
    expect(outcomes.filter((outcome) => outcome === 'identity/exists').length).toBe(7)
  })

  it('leaves no temporary file behind, whether it succeeds or fails', async () => {
    const alone = await mkdtemp(join(folder, 'alone-'))
    const path = join(alone, 'key')
    await createKeystore(path, none)
    await codeOf(createKeystore(path, none))
    await changeKeystore(path, none, { alias: 'new' })
    expect(await readdir(alone)).toEqual(['key'])
  })

  it('changes its password and its alias in place', async () => {
    const path = fresh()
    const { identity } = await createKeystore(path, password('old'), { alias: 'one', cost })
    await changeKeystore(path, password('old'), { protection: password('new'), cost })
    expect(await codeOf(openKeystore(path, password('old')))).toBe('identity/wrong-password')
    expect((await openKeystore(path, password('new'))).peer).toBe(identity.peer)
    expect((await describeKeystore(path)).alias).toBe('one')
    expect(await codeOf(changeKeystore(path, password('no'), { alias: 'x' }))).toBe(
      'identity/wrong-password',
    )
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is whole, old or new, whenever a process that rewrites it is killed', async () => {
    const path = fresh()
    const { identity } = await createKeystore(path, none, { alias: 'start' })
    const source = `
      import { changeKeystore } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      for (let turn = 0; ; turn++) {
        await changeKeystore(${JSON.stringify(path)}, { kind: 'none' }, { alias: 'turn ' + turn })
        if (turn === 3) console.log('running')
      }`
    for (let kill = 0; kill < 4; kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', source])
      await once(child.stdout, 'data')
      await sleep(7 * kill)
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect((await openKeystore(path, none)).peer).toBe(identity.peer)
      expect((await describeKeystore(path)).alias).toMatch(/^turn \d+$/)
    }
  })

  it('is made from a recovery phrase', async () => {
    const { identity, phrase } = await createKeystore(fresh(), none)
    const again = await createKeystore(fresh(), none, { phrase })
    expect(again.identity.peer).toBe(identity.peer)
    expect(await codeOf(createKeystore(fresh(), none, { phrase: 'abandon ability' }))).toBe(
      'identity/bad-phrase',
    )
  })

  it('travels sealed, and only to a free place', async () => {
    const path = fresh()
    const { identity } = await createKeystore(path, password('p'), { cost })
    const bytes = await exportKeystore(path)
    const copy = fresh()
    expect((await importKeystore(copy, bytes)).peer).toBe(identity.peer)
    expect((await openKeystore(copy, password('p'))).peer).toBe(identity.peer)
    expect((await stat(copy)).mode & 0o777).toBe(0o600)
    expect(await codeOf(importKeystore(copy, bytes))).toBe('identity/exists')
    expect(await codeOf(importKeystore(fresh(), bytes.slice(1)))).toBe('identity/corrupt')
  })

  it('says what the file system refused', async () => {
    expect(await codeOf(openKeystore(fresh(), none))).toBe('identity/not-found')
    expect(await codeOf(createKeystore(join(folder, 'no', 'such', 'folder'), none))).toBe(
      'identity/not-found',
    )
    expect(await codeOf(openKeystore(folder, none))).toBe('identity/io')
    const file = fresh()
    await writeFile(file, '')
    expect(await codeOf(openKeystore(join(file, 'below'), none))).toBe('identity/io')
  })

  it('keeps control characters out of aliases', async () => {
    expect(await codeOf(createKeystore(fresh(), none, { alias: 'a\u001b[2J' }))).toBe(
      'identity/bad-alias',
    )
    expect(await codeOf(createKeystore(fresh(), none, { alias: 'x'.repeat(65) }))).toBe(
      'identity/bad-alias',
    )
    const longest = '\u{20ac}'.repeat(64)
    const path = fresh()
    await createKeystore(path, password('p'), { alias: longest, cost })
    expect((await describeKeystore(path)).alias).toBe(longest)
  })
})

describe('a folder of key files', () => {
  it('lists, opens, exports, imports and deletes by name', async () => {
    const keys = new KeystoreFolder(join(folder, 'new', 'keys'))
    expect(await keys.list()).toEqual([])
    const { identity } = await keys.create('work', none, { alias: 'At work' })
    await keys.create('home', password('h'), { cost })
    expect((await stat(keys.folder)).mode & 0o777).toBe(0o700)
    await writeFile(join(keys.folder, 'broken.kithkey'), 'x')
    await writeFile(join(keys.folder, 'notes.txt'), 'x')
    const list = await keys.list()
    expect(list.map((entry) => [entry.name, entry.info?.protected, entry.info?.alias])).toEqual([
      ['broken', undefined, undefined],
      ['home', true, ''],
      ['work', false, 'At work'],
    ])
    expect((await keys.open('work', none)).peer).toBe(identity.peer)
    await keys.import('copy', await keys.export('work'))
    await keys.change('copy', none, { alias: 'Copy' })
    expect(await keys.describe('copy')).toMatchObject({ peer: identity.peer, alias: 'Copy' })
    await keys.delete('work')
    expect(await codeOf(keys.open('work', none))).toBe('identity/not-found')
    expect(await codeOf(keys.delete('work'))).toBe('identity/not-found')
  })

  it('takes no name that could lead elsewhere or collide', async () => {
    const keys = new KeystoreFolder(join(folder, 'names'))
    const bad = [
      '',
      '.',
      '..',
      '../up',
      'a/b',
      'a\\b',
      '/abs',
      'C:x',
      'Name',
      'a.b',
      '-rf',
      'nul',
      'com1',
      'a\0b',
      'é',
      'x'.repeat(64),
    ]
    for (const name of bad) {
      expect(await codeOf(keys.create(name, none)), JSON.stringify(name)).toBe('identity/bad-name')
      expect(await codeOf(keys.delete(name)), JSON.stringify(name)).toBe('identity/bad-name')
    }
    for (const name of ['a', '0', 'my-key_2', 'x'.repeat(63)]) {
      expect(await codeOf(keys.create(name, none)), name).toBe('resolved')
    }
  })

  it('cannot be made where a file stands', async () => {
    const file = fresh()
    await writeFile(file, '')
    expect(await codeOf(new KeystoreFolder(file).create('a', none))).toBe('identity/exists')
    const locked = join(folder, 'locked')
    await mkdir(locked)
    await chmod(locked, 0o500)
    const code = await codeOf(new KeystoreFolder(locked).create('a', none))
    // The superuser may write anywhere.
    expect(code).toBe(process.getuid?.() === 0 ? 'resolved' : 'identity/io')
  })
})
