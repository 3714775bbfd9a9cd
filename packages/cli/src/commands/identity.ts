import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type KeystoreEntry, type Protection } from '@kithnet/identity'
import { CodedError } from '@kithnet/kernel'
import { Command } from 'commander'
import type { CliFault } from '../faults.ts'
import { identityFolder, openIdentity } from '../identities.ts'
import { note, print, printJson, printTable } from '../output.ts'
import { type PasswordOptions, readPassword } from '../password.ts'

interface CreateOptions extends PasswordOptions {
  readonly alias?: string
  readonly password: boolean
  readonly recover?: boolean
  readonly json?: boolean
}

interface PlainOptions extends PasswordOptions {
  readonly json?: boolean
}

const passwordFile = ['--password-file <path>', 'file whose first line is the password'] as const

/** `kith identity …`: who you are on the network. */
export function identityCommand(): Command {
  const identity = new Command('identity').description('who you are on the network')
  identity
    .command('create')
    .description('make an identity, encrypted with a password, and show its recovery phrase once')
    .argument('<name>', 'a-z, 0-9, - and _')
    .option('--alias <text>', 'a name for people')
    .option('--recover', 'bring an identity back: its 24 words come on standard input')
    .option('--no-password', 'keep it unencrypted: whoever reads the file is you')
    .option(...passwordFile)
    .option('--json', 'as one line of JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  kith identity create alice\n  kith identity create alice --recover < words.txt',
    )
    .action(create)
  identity
    .command('list')
    .description('your identities')
    .option('--json', 'as one line of JSON')
    .action(list)
  identity
    .command('show')
    .description('id and alias of one identity, without its password')
    .argument('<name>')
    .option('--json', 'as one line of JSON')
    .action(show)
  identity
    .command('delete')
    .description('delete an identity; only its recovery phrase brings it back')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .action(remove)
  identity
    .command('export')
    .description('write the encrypted key file, in base64, to standard output')
    .argument('<name>')
    .action(async (name: string) => {
      print(Buffer.from(await identityFolder().export(name)).toString('base64'))
    })
  identity
    .command('import')
    .description('add an exported key file, from a path or standard input')
    .argument('<name>')
    .argument('[path]', 'what export wrote')
    .action(async (name: string, path: string | undefined) => {
      const text = path === undefined ? await readStandardInput() : readFileSync(path, 'utf8')
      const info = await identityFolder().import(name, new Uint8Array(Buffer.from(text, 'base64')))
      note(`Imported ${name}: ${info.peer}`)
    })
  identity
    .command('verify-recovery')
    .description('check that the 24 words on standard input bring this identity back')
    .argument('<name>')
    .option(...passwordFile)
    .action(verifyRecovery)
  return identity
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const protection: Protection = options.password
    ? { kind: 'password', password: await readPassword(options, true) }
    : { kind: 'none' }
  const phrase = options.recover === true ? (await readStandardInput()).trim() : undefined
  const created = await identityFolder().create(name, protection, {
    ...(options.alias === undefined ? {} : { alias: options.alias }),
    ...(phrase === undefined ? {} : { phrase }),
  })
  using identity = created.identity
  if (options.json === true) {
    printJson({ name, peer: identity.peer, phrase: created.phrase })
    return
  }
  print(`id  ${identity.peer}`)
  if (phrase !== undefined) return
  note('\nWrite these 24 words on paper. They are shown this once, and whoever has them is you:\n')
  print(created.phrase)
  note(`\nCheck what you wrote with: kith identity verify-recovery ${name}`)
}

async function list(options: PlainOptions): Promise<void> {
  const entries = await identityFolder().list()
  if (options.json === true) {
    printJson(entries.map(({ name, info }) => ({ name, ...info, damaged: info === undefined })))
    return
  }
  if (entries.length === 0) note('You have no identity yet: kith identity create NAME')
  else printTable(['name', 'id', 'alias', 'password'], entries.map(row))
}

function row({ name, info }: KeystoreEntry): readonly string[] {
  if (info === undefined) return [name, 'damaged file', '', '']
  return [name, info.peer.slice(0, 16), info.alias, info.protected ? 'yes' : 'no']
}

async function show(name: string, options: PlainOptions): Promise<void> {
  const info = await identityFolder().describe(name)
  if (options.json === true) {
    printJson({ name, ...info })
    return
  }
  print(`id        ${info.peer}`)
  if (info.alias !== '') print(`alias     ${info.alias}`)
  print(`password  ${info.protected ? 'yes' : 'no'}`)
}

async function remove(name: string, options: { readonly yes?: boolean }): Promise<void> {
  const info = await identityFolder().describe(name)
  if (options.yes !== true && !(await confirmed(name, info.peer))) {
    note('Nothing was deleted.')
    return
  }
  await identityFolder().delete(name)
  note(`Deleted ${name}.`)
}

async function verifyRecovery(name: string, options: PasswordOptions): Promise<void> {
  using identity = await openIdentity(name, options)
  if (process.stdin.isTTY) note('Type the 24 words, then Enter:')
  const words = (await readStandardInput()).trim()
  if (!identity.verifyPhrase(words)) {
    throw new CodedError<CliFault>(
      { code: 'cli/usage', option: 'words' },
      `These words do not bring ${name} back. Check the spelling and the order.`,
    )
  }
  print(`These words bring ${name} back.`)
}

async function confirmed(name: string, peer: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new CodedError<CliFault>(
      { code: 'cli/usage', option: '--yes' },
      'There is no terminal to ask on: give --yes to delete without asking.',
    )
  }
  note(`This deletes ${name} (${peer}). Only its 24 words bring it back. Type the name to go on:`)
  return (await readStandardInput()).trim() === name
}

/** Standard input to its end, or on a terminal its first line. */
async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    for await (const line of createInterface({ input: process.stdin })) return line
    return ''
  }
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin) text += chunk as string
  return text
}
