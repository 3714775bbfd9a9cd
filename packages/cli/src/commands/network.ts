import { Command } from 'commander'
import type { Connection, Node, NodeStatus } from 'kithnet'
import { ControlClient } from '../control-client.ts'
import { openIdentity } from '../identities.ts'
import { keepTermsOf, tellKeepTerms } from '../keep-terms.ts'
import { note, print, printJson, printTable } from '../output.ts'
import { profileOf } from '../profile.ts'
import { runNode } from '../run-node.ts'

interface UpOptions {
  readonly profile: string
  readonly identity?: string
  readonly identityPath?: string
  readonly passwordFile?: string
  readonly network?: string
  readonly listen?: readonly string[]
  readonly advertise?: readonly string[]
  readonly join?: readonly string[]
  readonly preset: 'lan' | 'wan' | 'local'
  readonly topic?: readonly string[]
  readonly records?: string | true
  readonly keep?: string
  readonly root?: readonly string[]
  readonly checkpointEvery?: string
  readonly json?: boolean
}

interface AskOptions {
  readonly profile: string
  readonly json?: boolean
}

/** `kith network …`: run a node, join others, look at it. */
export function networkCommand(): Command {
  const network = new Command('network').description('run a node, join others, look at it')
  network
    .command('up')
    .description('run a node until interrupted; other commands reach it meanwhile')
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .option('--identity <name>', 'who to be; without it a fresh identity that ends with the node')
    .option('--identity-path <path>', 'its key file, instead of a name')
    .option('--password-file <path>', "file whose first line is the identity's password")
    .option('--network <name>', 'name of the network (default: that of the ticket, or "kithnet")')
    .option('--listen <address...>', 'addresses to listen on, such as tls://0.0.0.0:4000')
    .option('--advertise <address...>', 'addresses that peers are told')
    .option('--join <ticket...>', 'tickets of peers to meet first')
    .option('--preset <name>', 'timers: local, lan or wan', 'lan')
    .option('--topic <name...>', 'topics to keep from the start')
    .option(
      '--records [place]',
      'keep the public records of a place ("kith dag init") the same as those of neighbours',
    )
    .option(
      '--keep <size>',
      'put and get contents, and keep so much of those of trusted peers, such as 2GB (0: nothing)',
    )
    .option(
      '--root <peer...>',
      'whom it trusts by itself besides itself (default: the peers of the tickets)',
    )
    .option(
      '--checkpoint-every <span>',
      'mean time after which what it knows is committed, when it has changed (default: 10m)',
    )
    .option('--json', "print the node's ticket and id as one line of JSON once it runs")
    .addHelpText(
      'after',
      '\nExamples:\n  kith network up\n  kith network up --identity alice --listen tls://0.0.0.0:4000 --advertise tls://example.org:4000\n  kith network up --join kith1…\n  kith network up --identity alice --join kith1… --keep 2GB',
    )
    .action((options: UpOptions) => up(options))
  network
    .command('join')
    .description('let the running node meet the peer of a ticket')
    .argument('<ticket>', 'text that "kith network status" of the other prints')
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .action(async (ticket: string, options: AskOptions) => {
      await asking(options, (client) => client.ask({ method: 'join', ticket }))
      note('Joined.')
    })
  network
    .command('status')
    .description('the running node: id, ticket, views, counters')
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .option('--json', 'as one line of JSON')
    .action((options: AskOptions) => status(options))
  network
    .command('peers')
    .description("the running node's links: cryptography, round trip, queued bytes")
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .option('--json', 'as one line of JSON')
    .action((options: AskOptions) => peers(options))
  network
    .command('stop')
    .description('stop the running node')
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .action(async (options: AskOptions) => {
      await asking(options, (client) => client.ask({ method: 'stop' }))
    })
  return network
}

/** Asks the running node of a profile, and ends the connection. */
export async function asking<T>(
  options: { readonly profile: string },
  ask: (client: ControlClient) => Promise<T>,
): Promise<T> {
  using client = await ControlClient.open(profileOf(options.profile).socket)
  return await ask(client)
}

async function up(options: UpOptions): Promise<void> {
  const profile = profileOf(options.profile)
  using identity = await openIdentity(options.identity, { ...options, path: options.identityPath })
  const keep = keepTermsOf(options, identity.peer)
  await runNode({
    identity,
    profile,
    ...(keep === undefined ? {} : { keep }),
    ...(options.records === undefined
      ? {}
      : { records: options.records === true ? {} : { store: options.records } }),
    node: {
      preset: options.preset,
      ...(options.network === undefined ? {} : { network: options.network }),
      ...(options.listen === undefined ? {} : { listen: options.listen }),
      ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
      ...(options.join === undefined ? {} : { join: options.join }),
    },
    ready: (node) => {
      for (const name of options.topic ?? []) node.topic(name, { delivery: 'durable' })
      announce(node, options.json === true)
      if (keep === undefined) return
      tellKeepTerms(keep, identity.peer, options.root !== undefined)
      if (options.identity === undefined && options.identityPath === undefined) {
        note('This identity ends with the node: nobody can withdraw what it puts (--identity).')
      }
    },
  })
}

function announce(node: Node, json: boolean): void {
  const ticket = node.ticket()
  if (json) {
    printJson({ peer: node.id, ticket, addresses: node.addresses })
    return
  }
  print(`id       ${node.id}`)
  for (const one of node.addresses) print(`listens  ${one}`)
  print(`ticket   ${ticket}`)
  node.on('neighbour', ({ peer }) => note(`neighbour ${peer}`))
  node.on('neighbourLost', ({ peer, cause }) => note(`lost      ${peer} (${cause})`))
  node.on('isolated', ({ cause }) => note(`isolated  (${cause})`))
  node.on('healed', ({ neighbours }) => note(`healed    (${neighbours} neighbours)`))
  note('Running; Ctrl-C stops it.')
}

async function status(options: AskOptions): Promise<void> {
  type Status = NodeStatus & { readonly ticket: string; readonly topics: readonly string[] }
  const found = (await asking(options, (client) => client.ask({ method: 'status' }))) as Status
  if (options.json === true) {
    printJson(found)
    return
  }
  const { overlay } = found
  print(`id           ${found.peer}`)
  for (const one of found.addresses) print(`listens      ${one}`)
  print(`ticket       ${found.ticket}`)
  print(`links        ${found.connections}`)
  print(`active view  ${overlay.activeView.length}`)
  print(`passive view ${overlay.passiveView.length}`)
  if (overlay.isolation !== undefined) print(`isolated     ${overlay.isolation}`)
  print(`topics       ${found.topics.join(', ') || 'none'}`)
  print(`cached       ${overlay.cachedMessages} messages, ${overlay.cachedBytes} bytes`)
}

async function peers(options: AskOptions): Promise<void> {
  const found = (await asking(options, (client) =>
    client.ask({ method: 'peers' }),
  )) as readonly Connection[]
  if (options.json === true) {
    printJson(found)
    return
  }
  printTable(
    ['peer', 'neighbour', 'link', 'suite', 'round trip', 'queued', 'address'],
    found.map((one) => [
      one.peer.slice(0, 16),
      one.neighbour ? 'yes' : 'no',
      `${one.transport} ${one.direction}`,
      one.suite,
      one.roundTripMs === undefined ? '-' : `${one.roundTripMs.toFixed(1)} ms`,
      `${one.queuedBytes} B`,
      one.address,
    ]),
  )
}
