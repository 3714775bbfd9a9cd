import { mkdirSync, statSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { CodedError } from '@kithnet/kernel'
import type { CliFault } from './faults.ts'

/** Where the commands keep what. Every folder is the user's alone. */
export interface Folders {
  /** Identity files. */
  readonly identities: string
  /** Stores of nodes, one file a profile. */
  readonly data: string
  /** Control sockets of running nodes. */
  readonly run: string
}

/**
 * The folders, by `KITH_HOME` or the XDG base directories.
 *
 * Source: XDG Base Directory Specification 0.8.
 */
export function folders(env: NodeJS.ProcessEnv = process.env): Folders {
  const home = env['KITH_HOME']
  if (home !== undefined && home !== '') {
    return {
      identities: join(home, 'identities'),
      data: join(home, 'data'),
      run: join(home, 'run'),
    }
  }
  const config = env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
  const data = env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share')
  const run = env['XDG_RUNTIME_DIR'] ?? join(tmpdir(), `kith-${userInfo().uid}`)
  return {
    identities: join(config, 'kithnet', 'identities'),
    data: join(data, 'kithnet'),
    run: join(run, 'kithnet'),
  }
}

/**
 * Makes a folder that only the user may enter.
 *
 * @throws CodedError `cli/unsafe-folder` when it stands already and others own it or may write to it, as anybody
 * could arrange below a shared folder for temporary files.
 */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(path)
  const own = process.getuid?.()
  if (own === undefined || (uid === own && (mode & 0o022) === 0)) return path
  throw new CodedError<CliFault>(
    { code: 'cli/unsafe-folder', path },
    `${path} belongs to somebody else or can be written by others: remove it, or set KITH_HOME to a folder of your own.`,
  )
}
