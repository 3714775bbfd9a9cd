import { createInterface } from 'node:readline'
import { Command, Option } from 'commander'
import { parsePeerId } from 'kithnet/types'
import type { Guarantee, PeerId, Published, Receipts } from 'kithnet'
import { ControlClient } from '../control-client.ts'
import { usage } from '../faults.ts'
import type { ControlMessage } from '../control-protocol.ts'
import { note, print, printJson } from '../output.ts'
import { profileOf } from '../profile.ts'
import { asking } from './network.ts'

interface PublishOptions {
  readonly profile: string
  readonly until: 'queued' | 'sent' | 'acknowledged'
  readonly delivery?: Guarantee
  readonly receipts?: string
  readonly receiptsWait: string
  readonly json?: boolean
}

interface SubscribeOptions {
  readonly profile: string
  readonly json?: boolean
  readonly delivery?: Guarantee
  readonly since?: 'start' | 'last-seen'
  readonly count?: string
}

/** `kith topic …`: publish and subscribe through the running node. */
export function topicCommand(): Command {
  const topic = new Command('topic').description('publish and subscribe through the running node')
  topic
    .command('publish')
    .description('publish one message, or each line of standard input')
    .argument('<topic>', 'name of the topic')
    .argument('[text]', 'the message; without it every line of standard input is one')
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .option('--until <state>', 'wait until each is queued, sent or acknowledged', 'sent')
    .addOption(deliveryOption())
    .option('--receipts <peers>', 'ids of peers, with commas between, who are to confirm each')
    .option('--receipts-wait <seconds>', 'longest wait for them', '10')
    .option('--json', 'print what became of each message as a line of JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  kith topic publish news "hello"\n  tail -f app.log | kith topic publish logs',
    )
    .action((name: string, text: string | undefined, options: PublishOptions) =>
      publish(name, text, options),
    )
  topic
    .command('subscribe')
    .description('print each message as a line until interrupted')
    .argument('<topic>', 'name of the topic')
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .addOption(deliveryOption())
    .option('--since <point>', 'also print what was kept: from the "start", or from "last-seen"')
    .option('--count <n>', 'stop after so many messages')
    .option('--json', 'print id, author, time and value of each as a line of JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  kith topic subscribe news\n  kith topic subscribe news --json | jq .value',
    )
    .action((name: string, options: SubscribeOptions) => subscribe(name, options))
  topic
    .command('list')
    .description('topics that the running node is subscribed to')
    .option('--profile <name>', 'which of your nodes on this machine', 'default')
    .option('--json', 'as one line of JSON')
    .action(async (options: { readonly profile: string; readonly json?: boolean }) => {
      const topics = (await asking(options, (client) =>
        client.ask({ method: 'topics' }),
      )) as string[]
      if (options.json === true) printJson(topics)
      else for (const one of topics) print(one)
    })
  return topic
}

function deliveryOption(): Option {
  const kinds: readonly Guarantee[] = ['ephemeral', 'reliable', 'fifo', 'causal', 'durable']
  return new Option(
    '--delivery <kind>',
    'what the topic promises, when this is what opens it (default: reliable)',
  ).choices(kinds)
}

async function publish(
  topic: string,
  text: string | undefined,
  options: PublishOptions,
): Promise<void> {
  const receipts = receiptsOf(options)
  await asking(options, async (client) => {
    const one = async (value: string): Promise<void> => {
      const { until, delivery } = options
      const result = await client.ask({
        method: 'publish',
        topic,
        value,
        until,
        ...(delivery === undefined ? {} : { delivery }),
        ...(receipts === undefined ? {} : { receipts }),
      })
      if (options.json === true) printJson(result)
      else if (text !== undefined) note(sentence(result as Outcome))
    }
    if (text !== undefined) return one(text)
    // A bounded number is under way, so that a fast writer of standard input is held back.
    const underWay = new Set<Promise<void>>()
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      const sent = one(line).finally(() => underWay.delete(sent))
      underWay.add(sent)
      if (underWay.size >= maxUnderWay) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  })
}

async function subscribe(topic: string, options: SubscribeOptions): Promise<void> {
  const most = options.count === undefined ? Infinity : Number(options.count)
  using client = await ControlClient.open(profileOf(options.profile).socket)
  let printed = 0
  const how = {
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.delivery === undefined ? {} : { delivery: options.delivery }),
  }
  const enough = new Promise<void>((resolve, reject) => {
    const take = (event: unknown): void => {
      if (printed >= most) return
      const message = event as ControlMessage
      if (options.json === true) printJson(message)
      else print(typeof message.value === 'string' ? message.value : JSON.stringify(message.value))
      if (++printed >= most) resolve()
    }
    void client.ask({ method: 'subscribe', topic, ...how }, take).catch(reject)
    process.once('SIGINT', resolve)
  })
  await Promise.race([enough, client.ended])
}

/** What became of a message, and who confirmed it when somebody was to. */
type Outcome = Published & { readonly receipts?: Receipts }

/** @throws CodedError `cli/usage`. */
function receiptsOf(
  options: PublishOptions,
): { readonly from: readonly PeerId[]; readonly timeoutMs: number } | undefined {
  if (options.receipts === undefined) return undefined
  const from = options.receipts.split(',').map((text) => {
    const peer = parsePeerId(text.trim())
    if (peer === undefined) throw usage('--receipts', `"${text}" is not the id of a peer.`)
    return peer
  })
  const seconds = Number(options.receiptsWait)
  if (!(seconds > 0)) throw usage('--receipts-wait', 'It takes a number of seconds above 0.')
  return { from, timeoutMs: seconds * 1000 }
}

function sentence(outcome: Outcome): string {
  const by = `${outcome.peers} ${outcome.peers === 1 ? 'neighbour' : 'neighbours'}`
  const { receipts } = outcome
  if (receipts !== undefined) {
    const all = receipts.confirmed.length + receipts.missing.length
    const absent = receipts.missing.length === 0 ? '' : ` Not by ${receipts.missing.join(', ')}.`
    return `Sent to ${by}; confirmed by ${receipts.confirmed.length} of ${all}.${absent}`
  }
  if (outcome.status === 'acknowledged') return `Acknowledged by ${by}.`
  return outcome.status === 'sent' ? `Sent to ${by}.` : 'Queued: there is no neighbour yet.'
}

/** Source: our choice; a few batches' worth. */
const maxUnderWay = 256
