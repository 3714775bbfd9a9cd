import { CodedError } from '@kithnet/kernel'
import { Command } from 'commander'
import type { Node } from 'kithnet'
import type { CliFault } from './faults.ts'
import { openIdentity } from './identities.ts'
import { note, print, printJson } from './output.ts'
import { profileOf } from './profile.ts'
import { runNode } from './run-node.ts'
import { version } from './version.ts'

/** The topic on which coordinators say where they are. */
export const advertTopic = 'kithnet/coordinators'

interface CoordinatorOptions {
  readonly bind: readonly string[]
  readonly advertise?: readonly string[]
  readonly roles: string
  readonly publishInterval: string
  readonly identityPath?: string
  readonly passwordFile?: string
  readonly network?: string
  readonly preset: 'lan' | 'wan' | 'local'
  readonly profile: string
  readonly verbose?: boolean
  readonly json?: boolean
}

/** Roles that a coordinator of this version can play. */
const roles: readonly string[] = ['coordinator']

/** The daemon `kith-coordinator`: a well-known address that answers joins and says where it is. */
export function coordinatorProgram(): Command {
  return new Command('kith-coordinator')
    .description('A well-known address: newcomers join through it; it can read and decide nothing.')
    .version(version, '--version', 'print the version')
    .option('--bind <address...>', 'addresses to listen on', ['tls://127.0.0.1:0'])
    .option('--advertise <address...>', 'addresses that peers are told')
    .option('--roles <list>', 'roles, separated by commas', 'coordinator')
    .option('--publish-interval <seconds>', 'seconds between adverts', '300')
    .option(
      '--identity-path <path>',
      'identity file; without it a fresh identity that ends with it',
    )
    .option('--password-file <path>', "file whose first line is the identity's password")
    .option('--network <name>', 'name of the network', 'kithnet')
    .option('--preset <name>', 'timers: local, lan or wan', 'lan')
    .option('--profile <name>', 'name of its store and control socket', 'coordinator')
    .option('--verbose', 'print what happens on stderr')
    .option('--json', 'print ticket and id as one line of JSON once it runs')
    .addHelpText(
      'after',
      '\nExample:\n  kith-coordinator --bind tls://0.0.0.0:4000 --advertise tls://example.org:4000 --identity-path ./coordinator.kith',
    )
    .action((options: CoordinatorOptions) => runCoordinator(options))
}

async function runCoordinator(options: CoordinatorOptions): Promise<void> {
  const chosen = options.roles.split(',').map((role) => role.trim())
  const missing = chosen.find((role) => !roles.includes(role))
  if (missing !== undefined) {
    throw new CodedError<CliFault>(
      { code: 'cli/role-missing', role: missing },
      `This version has no role "${missing}"; it has: ${roles.join(', ')}.`,
    )
  }
  const intervalMs = Number(options.publishInterval) * 1000
  if (!Number.isFinite(intervalMs) || intervalMs < 1000) {
    throw new CodedError<CliFault>(
      { code: 'cli/usage', option: '--publish-interval' },
      'The publish interval is a number of seconds of at least 1.',
    )
  }
  using identity = await openIdentity(undefined, { ...options, path: options.identityPath })
  await runNode({
    identity,
    profile: profileOf(options.profile),
    node: {
      network: options.network ?? 'kithnet',
      listen: options.bind,
      preset: options.preset,
      ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
    },
    ready: (node) => {
      announce(node, options)
      advertise(node, chosen, intervalMs)
    },
  })
}

function announce(node: Node, options: CoordinatorOptions): void {
  if (options.json === true)
    printJson({ peer: node.id, ticket: node.ticket(), addresses: node.addresses })
  else {
    print(`id       ${node.id}`)
    for (const one of node.addresses) print(`listens  ${one}`)
    print(`ticket   ${node.ticket()}`)
  }
  if (options.verbose !== true) return
  node.on('neighbour', ({ peer }) => note(`neighbour ${peer}`))
  node.on('neighbourLost', ({ peer, cause }) => note(`lost ${peer}: ${cause}`))
  node.on('fault', ({ peer, fault }) => note(`fault ${peer ?? '-'}: ${JSON.stringify(fault)}`))
  node.on('shed', ({ peer, fault }) => note(`shed ${peer}: ${fault.code}`))
  node.on('error', ({ error }) => note(`error: ${String(error)}`))
}

/** Publishes the advert at once and then at every interval; it expires after three of them. */
function advertise(node: Node, chosen: readonly string[], intervalMs: number): void {
  const publish = (): void => {
    const advert = {
      v: 1,
      roles: chosen,
      ticket: node.ticket(),
      expiresMs: Date.now() + 3 * intervalMs,
    }
    node
      .topic(advertTopic)
      .publish(advert, { until: 'queued', signal: node.signal })
      .catch(() => {})
  }
  publish()
  const timer = setInterval(publish, intervalMs)
  node.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
