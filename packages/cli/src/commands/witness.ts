import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import type { StatementIds, WitnessedState } from '../holonomic-protocol.ts'
import { note, print, printJson } from '../output.ts'
import { momentText, wholeWithin } from '../quantities.ts'
import { asking, type AskOptions, askKeeper } from './asking-keeper.ts'
import { verifyProof } from './witness-verify.ts'

interface ProveOptions extends AskOptions {
  readonly out?: string
}

interface CompareOptions extends AskOptions {
  readonly reconcile?: boolean
}

/** `kith witness …`: what a node's state was, and who vouches that it was never rewritten. */
export function witnessCommand(): Command {
  const witness = new Command('witness').description(
    "what a node's state was, and who vouches that it was never rewritten",
  )
  asking(witness.command('show'))
    .description('the last state that a peer has committed to, and who cosigned it')
    .argument('[peer]', 'its id, or the beginning of it (default: this node)')
    .action(showWitness)
  asking(witness.command('compare'))
    .description('whether a peer knows the same statements as this node: identical or divergent')
    .argument('<peer>', 'its id, or the beginning of it')
    .option('--reconcile', 'fetch and show what differs')
    .action(compareWithPeer)
  asking(witness.command('prove'))
    .description('a proof of a state of this node that anybody can check without a node')
    .argument('[epoch]', 'which state (default: the last)')
    .option('-o, --out <file>', 'where it is written')
    .addHelpText(
      'after',
      '\nExamples:\n  kith witness prove -o state.proof\n  kith witness verify state.proof',
    )
    .action(proveState)
  witness
    .command('verify')
    .description('check such a proof; needs no node')
    .argument('<file>')
    .option('--cosigner <peer...>', 'refuse it unless these have cosigned')
    .option('--least <n>', 'so many of them are enough')
    .option('--json', 'as one line of JSON')
    .action(verifyProof)
  return witness
}

async function showWitness(peer: string | undefined, options: AskOptions): Promise<void> {
  const named = peer === undefined ? {} : { peer }
  const states = await askKeeper(options, { method: 'witness-show', ...named })
  if (options.json === true) printJson(states)
  else if (states.length === 0) note('It has committed to no state yet, as far as this node knows.')
  else for (const state of states) printState(state)
}

function printState(state: WitnessedState): void {
  print(`peer       ${state.peer}`)
  print(`of         ${state.namespaces.join(', ')}`)
  print(`epoch      ${state.epoch}`)
  print(`members    ${state.members}`)
  print(`state      ${state.stateRoot}`)
  print(`log        ${state.logRoot}`)
  print(`at         ${momentText(state.at)}`)
  print(`cosigned   by ${state.cosigners.length} of ${state.appointed.length} appointed`)
  for (const one of state.cosigners) print(`           ${one}`)
  if (state.forked) print('forked     there is proof that it has signed two states at once')
}

async function compareWithPeer(peer: string, options: CompareOptions): Promise<void> {
  const found = await askKeeper(options, {
    method: 'witness-compare',
    peer,
    reconcile: options.reconcile === true,
  })
  if (options.json === true) {
    printJson(found)
    return
  }
  print(found.relation)
  printIds('missing here ', found.missing)
  printIds('missing there', found.extra)
  if (found.relation === 'divergent' && options.reconcile !== true) {
    note('Which statements differ: --reconcile. Nodes exchange them by themselves.')
  }
}

function printIds(title: string, found: StatementIds | undefined): void {
  if (found === undefined) return
  for (const one of found.ids) print(`${title}  ${one}`)
  const more = found.count - found.ids.length
  if (more > 0) print(`${title}  and ${more} more`)
}

async function proveState(epoch: string | undefined, options: ProveOptions): Promise<void> {
  const which =
    epoch === undefined ? {} : { epoch: wholeWithin(epoch, 'epoch', 1, Number.MAX_SAFE_INTEGER) }
  const proven = await askKeeper(options, { method: 'witness-prove', ...which })
  if (options.json === true && options.out === undefined) {
    printJson(proven)
    return
  }
  const bundle = Buffer.from(proven.bundle, 'base64')
  if (options.out === undefined) {
    if (process.stdout.isTTY) print(bundle.toString('hex'))
    else process.stdout.write(bundle)
    return
  }
  writeFileSync(options.out, bundle)
  if (options.json === true) printJson({ path: options.out, bytes: bundle.length })
  else note(`${bundle.length} bytes of proof in ${options.out}.`)
}
