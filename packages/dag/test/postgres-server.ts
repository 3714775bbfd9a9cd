import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** A PostgreSQL server of this test's own. */
export interface PostgresServer {
  /** Where its database is. */
  readonly url: string
  /** Ends it as a power cut would, and starts it again. */
  crash(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server in a temporary folder, on a socket in it; or says why there is none. */
export async function startPostgres(): Promise<PostgresServer | { readonly reason: string }> {
  const binaries = findBinaries() ?? installed()
  if (binaries === undefined) return { reason: 'PostgreSQL is not installed' }
  const root = mkdtempSync(join(tmpdir(), 'kithnet-pg-'))
  const data = join(root, 'data')
  mkdirSync(data)
  chmodSync(root, 0o755)
  // The server refuses to run as root.
  const user = process.getuid?.() === 0 ? userOf('postgres') : undefined
  if (process.getuid?.() === 0 && user === undefined) return { reason: 'there is no user but root' }
  if (user !== undefined) for (const folder of [root, data]) chownSync(folder, user.uid, user.gid)
  const run = { cwd: root, ...user }
  const made = spawnSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'kith', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...run, encoding: 'utf8' },
  )
  if (made.status !== 0) return { reason: `initdb: ${made.stderr}` }
  const start = (): ReturnType<typeof spawn> =>
    spawn(
      join(binaries, 'postgres'),
      ['-D', data, '-k', root, '-c', 'listen_addresses=', '-c', 'shared_buffers=16MB'],
      { ...run, stdio: 'ignore' },
    )
  let server = start()
  const isReady = (): boolean =>
    spawnSync(join(binaries, 'pg_isready'), ['-h', root, '-U', 'kith', '-d', 'postgres'], run)
      .status === 0
  const ready = async (): Promise<void> => {
    for (let tries = 0; !isReady(); tries++) {
      if (tries > 300) throw new Error('PostgreSQL did not start')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const ended = (signal: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      server.once('exit', () => resolve())
      server.kill(signal)
    })
  await ready()
  return {
    url: `postgres://kith@/postgres?host=${root}`,
    async crash() {
      // Immediate shutdown: no checkpoint, the log is replayed at the next start. Source: PostgreSQL, pg_ctl.
      await ended('SIGQUIT')
      server = start()
      await ready()
    },
    async stop() {
      await ended('SIGINT')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** The folder with the newest server's programs. */
function findBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : []
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  return folders.find((folder) =>
    ['initdb', 'postgres', 'pg_isready'].every((program) => existsSync(join(folder, program))),
  )
}

/** As root on Debian, from its packages. */
function installed(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined
  const run = { timeout: 100_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  if (spawnSync('/usr/bin/apt-get', ['install', '-y', 'postgresql'], run).status !== 0)
    return undefined
  return findBinaries()
}

function userOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number.parseInt(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout, 10),
  )
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid: uid!, gid: gid! } : undefined
}
