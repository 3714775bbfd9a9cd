import { Command } from 'commander'
import { fullTrust, maxChainGrants, maxGrantMs } from 'kithnet/holonomic'
import { usage } from '../faults.ts'
import { print, printJson } from '../output.ts'
import { durationOf, momentText, wholeWithin } from '../quantities.ts'
import { asking, type AskOptions, askKeeper } from './asking-keeper.ts'

interface KindOptions extends AskOptions {
  readonly kind: string
}

interface GrantOptions extends KindOptions {
  readonly weight: string
  readonly onward: string
  readonly for: string
}

/** `kith trust …`: whom a node lets serve, and for whom it vouches. */
export function trustCommand(): Command {
  const trust = new Command('trust').description('whom a node lets serve, and for whom it vouches')
  askingOfKind(trust.command('grant'))
    .description('vouch for a peer: every node that trusts this one lets it in')
    .argument('<peer>', 'its id, or the beginning of it')
    .option(
      '--weight <n>',
      `how much of the own trust passes on, of ${fullTrust}`,
      String(fullTrust),
    )
    .option('--onward <n>', 'how many further grants may follow from it', '0')
    .option('--for <span>', 'how long', '365d')
    .addHelpText(
      'after',
      '\nExamples:\n  kith trust grant 3f2a91c0\n  kith trust grant 3f2a91c0 --weight 5000 --onward 1 --for 30d',
    )
    .action(grantTrust)
  askingOfKind(trust.command('revoke'))
    .description('take back what was granted to a peer')
    .argument('<peer>', 'its id, or the beginning of it')
    .action(revokeTrust)
  askingOfKind(trust.command('check'))
    .description('whether this node lets a peer in, and through whom')
    .argument('<peer>', 'its id, or the beginning of it')
    .action(checkTrust)
  return trust
}

function askingOfKind(command: Command): Command {
  return asking(command.option('--kind <kind>', 'what for', 'serve'))
}

async function grantTrust(peer: string, options: GrantOptions): Promise<void> {
  const granted = await askKeeper(options, {
    method: 'trust-grant',
    peer,
    kind: kindOf(options),
    weight: wholeWithin(options.weight, '--weight', 1, fullTrust),
    onward: wholeWithin(options.onward, '--onward', 0, maxChainGrants - 1),
    forMs: durationOf(options.for, '--for', maxGrantMs),
  })
  if (options.json === true) printJson(granted)
  else print(`${granted.peer} may ${granted.kind} until ${momentText(granted.until)}.`)
}

async function revokeTrust(peer: string, options: KindOptions): Promise<void> {
  const revoked = await askKeeper(options, { method: 'trust-revoke', peer, kind: kindOf(options) })
  if (options.json === true) printJson(revoked)
  else print(`What this node granted to ${revoked.peer} for "${revoked.kind}" is void.`)
}

async function checkTrust(peer: string, options: KindOptions): Promise<void> {
  const checked = await askKeeper(options, { method: 'trust-check', peer, kind: kindOf(options) })
  if (options.json === true) {
    printJson(checked)
    return
  }
  const how = checked.chain.length === 1 ? 'a root of this node' : `trust ${checked.trust}`
  print(`${checked.peer} may ${checked.kind}: ${how}`)
  for (const [at, one] of checked.chain.entries()) print(`${'  '.repeat(at)}${one}`)
}

/** @throws CodedError `cli/usage`. */
function kindOf({ kind }: KindOptions): string {
  if (kind !== '' && kind.length <= maxKindLength) return kind
  throw usage('--kind', `A kind of trust is named with 1 to ${maxKindLength} characters.`)
}

/** Source: the statement `grant`, version 2. */
const maxKindLength = 32
