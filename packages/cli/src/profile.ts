import { join } from 'node:path'
import { CodedError } from '@kithnet/kernel'
import type { CliFault } from './faults.ts'
import { folders, privateFolder } from './folders.ts'

/** The files of one profile: one node of this user on this machine. */
export interface Profile {
  readonly name: string
  readonly store: string
  readonly socket: string
}

/** Longest path of a Unix socket on Linux and macOS, its final zero excluded. Source: unix(7), sys/un.h. */
const maxSocketPath = 103

/** @throws CodedError `cli/usage` when the name cannot be a file's. */
export function profileOf(name: string): Profile {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new CodedError<CliFault>(
      { code: 'cli/usage', option: '--profile' },
      'A profile is named with letters, digits, dots, dashes and underscores, at most 64.',
    )
  }
  const where = folders()
  const socket =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\kith-${name}`
      : join(privateFolder(where.run), `${name}.sock`)
  if (socket.length > maxSocketPath) {
    throw new CodedError<CliFault>(
      { code: 'cli/usage', option: 'KITH_HOME' },
      `The path of the control socket has more than ${maxSocketPath} characters: set KITH_HOME to a shorter folder.`,
    )
  }
  return { name, store: join(privateFolder(where.data), `${name}.sqlite`), socket }
}
