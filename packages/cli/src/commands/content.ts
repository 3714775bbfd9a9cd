import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { maxConsentMs } from 'kithnet/holonomic'
import { usage } from '../faults.ts'
import { policyOfNumbers } from '../fountain-policy.ts'
import type { ListedContent } from '../holonomic-protocol.ts'
import { note, print, printJson, printTable } from '../output.ts'
import { bytesText, durationOf, momentText, rangesText } from '../quantities.ts'
import { asking, type AskOptions, askKeeper } from './asking-keeper.ts'
import { getContent } from './content-get.ts'
import { refOf } from './content-ref.ts'

interface ForOptions extends AskOptions {
  readonly for: string
}

interface PutOptions extends ForOptions {
  readonly policy: string
}

/** `kith content …`: files that peers keep for each other. */
export function contentCommand(): Command {
  const content = new Command('content').description('files that peers keep for each other')
  asking(content.command('put'))
    .description('let peers keep a file, and print what it is called')
    .argument('<file>')
    .option('--for <span>', 'how long they may keep it', '90d')
    .option(
      '--policy <n,k,least,holders>',
      'shares that bring it back, and how many are kept',
      '20,6,5,30',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  ref=$(kith content put film.mp4)\n  kith content put notes.txt --for 1y --policy 20,8,5,40',
    )
    .action(putContent)
  asking(content.command('get'))
    .description('bring a content back from whoever holds enough shares')
    .argument('<ref>', 'what "put" or "list" print')
    .option('-o, --out <file>', 'where it is written, "-" for standard output (default: its id)')
    .option('--force', 'replace a file that is there')
    .addHelpText(
      'after',
      '\nExamples:\n  kith content get "$ref" -o film.mp4\n  kith content get "$ref" -o - | less',
    )
    .action(getContent)
  asking(content.command('holders'))
    .description('who holds which shares of a content, as far as this node has it proven')
    .argument('<ref>')
    .action(showHolders)
  asking(content.command('retain'))
    .description('as its author: let peers keep a content from now on; else keep shares here again')
    .argument('<ref>')
    .option('--for <span>', 'as its author: for how long (default: 90d)')
    .action(retainContent)
  asking(content.command('forget'))
    .description('as its author: withdraw a content everywhere; else drop the shares that are here')
    .argument('<ref>')
    .action(forgetContent)
  asking(content.command('list'))
    .description('contents that the running node knows of')
    .action(listContents)
  return content
}

async function putContent(file: string, options: PutOptions): Promise<void> {
  const path = resolve(file)
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw usage('file', `There is no file ${file}.`)
  }
  const put = await askKeeper(options, {
    method: 'content-put',
    path,
    forMs: durationOf(options.for, '--for', maxConsentMs),
    policy: policyOfNumbers(options.policy),
  })
  if (options.json === true) {
    printJson(put)
    return
  }
  for (const { peer, why } of put.refused) note(`${peer.slice(0, 16)} holds none: ${why}`)
  note(`${bytesText(put.bytes)}: ${put.shares} of ${put.wanted} shares with ${put.holders} peers.`)
  print(put.ref)
}

async function showHolders(ref: string, options: AskOptions): Promise<void> {
  const holders = await askKeeper(options, { method: 'content-holders', ref: refOf(ref) })
  if (options.json === true) {
    printJson(holders)
    return
  }
  if (holders.length === 0) note('No holder is known: none has answered yet, or none is left.')
  printTable(
    ['peer', 'shares', 'proven until'],
    holders.map(({ peer, shares, provenUntil }) => [
      peer.slice(0, 16),
      rangesText(shares),
      provenUntil === null ? 'this node' : momentText(provenUntil),
    ]),
  )
}

async function retainContent(
  ref: string,
  options: Partial<ForOptions> & AskOptions,
): Promise<void> {
  const span =
    options.for === undefined ? {} : { forMs: durationOf(options.for, '--for', maxConsentMs) }
  const kept = await askKeeper(options, { method: 'content-retain', ref: refOf(ref), ...span })
  if (options.json === true) printJson(kept)
  else print(`Peers may keep it until ${momentText(kept.until)}.`)
}

async function forgetContent(ref: string, options: AskOptions): Promise<void> {
  const gone = await askKeeper(options, { method: 'content-forget', ref: refOf(ref) })
  if (options.json === true) printJson(gone)
  else if (gone.withdrawn) {
    print(
      'Withdrawn: connected peers delete it within a minute, others before they serve it again.',
    )
  } else
    print('Its shares are gone from this node, which takes none of it until "kith content retain".')
}

async function listContents(options: AskOptions): Promise<void> {
  const contents: ListedContent[] = []
  for (let total = 1; contents.length < total;) {
    const page = await askKeeper(options, { method: 'content-list', from: contents.length })
    contents.push(...page.contents)
    // Where some went meanwhile, the list ends before.
    total = page.contents.length === 0 ? 0 : page.total
  }
  if (options.json === true) {
    printJson(contents)
    return
  }
  if (contents.length === 0) note('No content is known here.')
  else {
    printTable(
      ['size', 'shares here', 'consent', 'until', 'ref'],
      contents.map((one) => [
        bytesText(one.bytes),
        one.declined ? 'none wanted' : `${one.shares} (${bytesText(one.storedBytes)})`,
        one.consent,
        momentText(one.until),
        one.ref,
      ]),
    )
  }
}
