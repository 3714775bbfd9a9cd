import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { link, mkdtemp, rename, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CodedError } from '@kithnet/kernel'
import type { CliFault } from '../faults.ts'
import { note, print, printJson } from '../output.ts'
import { bytesText } from '../quantities.ts'
import { type AskOptions, askKeeper } from './asking-keeper.ts'
import { refOf } from './content-ref.ts'

interface GetOptions extends AskOptions {
  readonly out?: string
  readonly force?: boolean
}

/** `kith content get`. Under its name there is only ever the whole file. */
export async function getContent(text: string, options: GetOptions): Promise<void> {
  const ref = refOf(text)
  if (options.out === '-') return printContent(ref, options)
  const path = options.out ?? ref.slice(ref.indexOf('/') + 1)
  if (options.force !== true && existsSync(path)) throw standsAlready(path)
  const unfinished = join(dirname(resolve(path)), `.${randomUUID()}.part`)
  try {
    const got = await askKeeper(options, { method: 'content-get', ref, path: unfinished })
    if (options.force === true) await rename(unfinished, path)
    else await moveToNewName(unfinished, path)
    if (options.json === true) printJson({ ...got, path })
    else {
      note(`${bytesText(got.bytes)}, every byte as it was put.`)
      print(path)
    }
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** Blocks are complete in any order, and standard output takes them in theirs only once all are there. */
async function printContent(ref: string, options: GetOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-get-'))
  try {
    const path = join(folder, 'content')
    await askKeeper(options, { method: 'content-get', ref, path })
    await pipeline(createReadStream(path), process.stdout, { end: false })
  } catch (error) {
    // Whoever reads our output has read enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Renames, but never over a file that came meanwhile: a link is refused where a name is taken. */
async function moveToNewName(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
    await unlink(from)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(to))
      throw standsAlready(to)
    // A file system without links.
    await rename(from, to)
  }
}

function standsAlready(path: string): CodedError<CliFault> {
  return new CodedError<CliFault>(
    { code: 'cli/file-exists', path },
    `${path} is there already: name another file with -o, or replace it with --force.`,
  )
}
