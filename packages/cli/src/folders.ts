import { mkdirSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

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

/** Makes a folder that only the user may enter. */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}
