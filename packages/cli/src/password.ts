import { readFileSync } from 'node:fs'
import { CodedError } from '@kithnet/kernel'
import type { CliFault } from './faults.ts'

/** Where a password may come from, besides `KITH_PASSWORD` and the terminal. */
export interface PasswordOptions {
  readonly passwordFile?: string
}

/**
 * A password: from `--password-file` (its first line), `KITH_PASSWORD`, or typed, in this order. A new one is
 * typed twice. Never from the command line, which other users can see.
 *
 * @throws CodedError `cli/no-password` when there is none and no terminal to ask on.
 */
export async function readPassword(options: PasswordOptions, isNew = false): Promise<string> {
  if (options.passwordFile !== undefined) {
    return readFileSync(options.passwordFile, 'utf8').split(/\r?\n/)[0]!
  }
  const fromEnv = process.env['KITH_PASSWORD']
  if (fromEnv !== undefined) return fromEnv
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CodedError<CliFault>(
      { code: 'cli/no-password' },
      'A password is needed and there is no terminal to ask on: give --password-file or KITH_PASSWORD.',
    )
  }
  const typed = await prompt(isNew ? 'New password: ' : 'Password: ')
  if (isNew && (await prompt('Again: ')) !== typed) {
    throw new CodedError<CliFault>(
      { code: 'cli/no-password' },
      'The two passwords differ. Try again.',
    )
  }
  return typed
}

/** Asks on the terminal without showing what is typed. */
function prompt(question: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(question)
  return new Promise((resolve, reject) => {
    let typed = ''
    const finish = (settle: () => void): void => {
      stdin.setRawMode(false)
      stdin.pause()
      stdin.off('data', take)
      stderr.write('\n')
      settle()
    }
    const take = (text: string): void => {
      for (const character of text) {
        if (character === '\r' || character === '\n' || character === '\u0004') {
          finish(() => resolve(typed))
          return
        }
        if (character === '\u0003') {
          finish(() => reject(new Error('interrupted')))
          return
        }
        if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
        else typed += character
      }
    }
    stdin.setRawMode(true)
    stdin.setEncoding('utf8')
    stdin.resume()
    stdin.on('data', take)
  })
}
