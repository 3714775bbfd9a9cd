import { parseArgs } from 'node:util'
import { Console } from './console.ts'
import { LocalNetwork } from './local-network.ts'
import { publishFile, type Summary } from './file-run.ts'

const usage = `npm start -- [options]

Runs a coordinator and peers as processes of their own on real encrypted links.

  --peers N     how many peers join through the coordinator (1 to 20, default 5)
  --file PATH   publish the lines of a file, and check that every peer has them
  --once        exit after the summary (default file: README.md)
  --json        print the summary as one line of JSON, last

While it runs: type text and Enter to publish it; /kill N and /start N end and start peer N (0 is the
coordinator); /quit ends everything.`

const most = 20

interface Options {
  readonly peers: number
  readonly file: string | undefined
  readonly once: boolean
  readonly json: boolean
}

function optionsOf(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        peers: { type: 'string', default: '5' },
        file: { type: 'string' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return usage
    const peers = Number(values.peers)
    if (!Number.isInteger(peers) || peers < 1 || peers > most) {
      return `--peers takes a whole number from 1 to ${most}.\n\n${usage}`
    }
    const file = values.file ?? (values.once ? 'README.md' : undefined)
    return { peers, file, once: values.once, json: values.json }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${usage}`
  }
}

async function run(options: Options): Promise<number> {
  const screen = new Console({ live: !options.once && !options.json && process.stdout.isTTY })
  const network = new LocalNetwork(options.peers, screen)
  screen.show(network)
  const leave = (): void => {
    network.killAll()
    process.exit(130)
  }
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  try {
    const begin = performance.now()
    screen.say(`Starting a coordinator and ${options.peers} peers …`)
    await network.start()
    await network.meshed(30_000)
    const meshMs = Math.round(performance.now() - begin)
    screen.say(`One mesh of ${options.peers + 1} after ${meshMs} ms.`)
    let summary: Summary | undefined
    if (options.file !== undefined) {
      screen.say(`Publishing the lines of ${options.file} …`)
      summary = await publishFile(network, options.file, meshMs)
      screen.summary(summary)
    }
    if (!options.once) await screen.interact(network)
    screen.end()
    await network.stop()
    if (options.json && summary !== undefined) process.stdout.write(`${JSON.stringify(summary)}\n`)
    return summary === undefined || summary.ok ? 0 : 1
  } catch (error) {
    screen.end()
    network.killAll()
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

const options = optionsOf(process.argv.slice(2))
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`)
  process.exitCode = options === usage ? 0 : 2
} else {
  process.exitCode = await run(options)
}
