import { chmodSync, existsSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { CodedError } from '@kithnet/kernel'
import type { Guarantee, Message, Node, NodeEvents, Payload, Published, Topic } from 'kithnet'
import type { Holonomic } from 'kithnet/holonomic'
import {
  type ControlMessage,
  type ControlReply,
  type ControlRequest,
  fromJson,
  LineReader,
  toJson,
} from './control-protocol.ts'
import type { CliFault } from './faults.ts'
import { isForKeeper, KeeperControl } from './keeper-control.ts'

type Numbered = ControlRequest & { readonly id: number }

/** Lets later commands reach a running node through a socket that only the user can open. */
export class ControlServer implements AsyncDisposable {
  readonly #node: Node
  readonly #path: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #onStop: () => void
  readonly #keeper: KeeperControl | undefined

  private constructor(
    node: Node,
    path: string,
    onStop: () => void,
    holonomic: Holonomic | undefined,
  ) {
    this.#node = node
    this.#keeper = holonomic === undefined ? undefined : new KeeperControl(node, holonomic)
    this.#path = path
    this.#onStop = onStop
    this.#server = createServer((socket) => this.#serve(socket))
  }

  /** @throws CodedError `cli/node-runs` when another process answers on the socket. */
  static async open(
    node: Node,
    path: string,
    onStop: () => void,
    holonomic?: Holonomic,
  ): Promise<ControlServer> {
    if (existsSync(path)) {
      if (await answers(path)) {
        throw new CodedError<CliFault>(
          { code: 'cli/node-runs', socket: path },
          'A node of this profile runs already. Use it, stop it with "kith network stop", or name another with --profile.',
        )
      }
      // The socket of a process that was killed: nothing listens on it any more.
      rmSync(path, { force: true })
    }
    const control = new ControlServer(node, path, onStop, holonomic)
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject)
      control.#server.listen(path, () => resolve())
    })
    chmodSync(path, 0o600)
    return control
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    rmSync(this.#path, { force: true })
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setEncoding('utf8')
    const ended = new AbortController()
    const reader = new LineReader((line) => {
      void this.#answerLine(socket, line, ended.signal)
    })
    socket.on('data', (text: string) => {
      if (!reader.push(text)) socket.destroy()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      ended.abort()
    })
  }

  async #answerLine(socket: Socket, line: string, signal: AbortSignal): Promise<void> {
    const say = (reply: ControlReply): void => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`)
    }
    let request: Numbered
    try {
      request = JSON.parse(line) as Numbered
    } catch {
      socket.destroy()
      return
    }
    const { id } = request
    try {
      const result = await this.#answer(request, (event) => say({ id, event }), signal)
      say({ id, result: result ?? null })
      if (request.method === 'stop') this.#onStop()
    } catch (error) {
      const code = error instanceof CodedError ? error.fault.code : 'cli/control'
      const message = error instanceof Error ? error.message : String(error)
      say({ id, error: { code, message } })
    }
  }

  async #answer(
    request: ControlRequest,
    tell: (event: unknown) => void,
    signal: AbortSignal,
  ): Promise<unknown> {
    const node = this.#node
    if (isForKeeper(request)) {
      if (this.#keeper === undefined) throw keepsNothing()
      return this.#keeper.answer(request, tell, signal)
    }
    switch (request.method) {
      case 'status':
        return {
          ...node.status(),
          ticket: node.ticket(),
          topics: node.topics,
          process: processUsage(),
        }
      case 'peers':
        return node.connections()
      case 'ticket':
        return node.ticket()
      case 'join':
        await node.join(request.ticket, { signal })
        return 'joined'
      case 'topics':
        return node.topics
      case 'publish':
        return publish(topicOf(node, request.topic, request.delivery), request, signal)
      case 'subscribe':
        forward(this.#messages(request, signal), tell).catch((error: unknown) => {
          tell({ name: 'error', message: error instanceof Error ? error.message : String(error) })
        })
        return 'subscribed'
      case 'watch':
        watch(node, tell, signal)
        return 'watching'
      case 'stop':
        return 'stopping'
      default:
        throw new CodedError<CliFault>(
          { code: 'cli/control', why: 'unknown method' },
          'The running node is of another version: stop it and start it again.',
        )
    }
  }

  #messages(
    request: Extract<ControlRequest, { method: 'subscribe' }>,
    signal: AbortSignal,
  ): AsyncIterable<Message> {
    const delivery = request.delivery ?? (request.since === undefined ? undefined : 'durable')
    const topic = topicOf(this.#node, request.topic, delivery)
    const since = request.since === undefined ? {} : { since: request.since }
    const own = request.own === true
    return topic.messages({ signal, capacity: forwardCapacity, own, ...since })
  }
}

function keepsNothing(): CodedError<CliFault> {
  return new CodedError<CliFault>(
    { code: 'cli/keeps-nothing' },
    'The node that runs here has no contents. Stop it with "kith network stop" and start one with: kith network up --keep 1GB',
  )
}

async function forward(
  messages: AsyncIterable<Message>,
  tell: (event: unknown) => void,
): Promise<void> {
  for await (const message of messages) tell(controlMessage(message))
}

/** A topic as it is open, or as it is to be opened. What does not fit its guarantee is refused when it is used. */
function topicOf(
  node: Node,
  name: string,
  delivery: Guarantee | undefined,
): Topic<Payload, 'durable'> {
  const topic = delivery === undefined ? node.topic(name) : node.topic(name, { delivery })
  return topic as Topic<Payload, 'durable'>
}

function publish(
  topic: Topic<Payload, 'durable'>,
  { value, until = 'sent', receipts }: Extract<ControlRequest, { method: 'publish' }>,
  signal: AbortSignal,
): Promise<Published> {
  if (receipts === undefined) return topic.publish(fromJson(value), { until, signal })
  return topic.publish(fromJson(value), { until, signal, receipts })
}

/** Source: our choice; what a slow terminal may lag behind. */
const forwardCapacity = 65_536

function controlMessage(message: Message): ControlMessage {
  const { id, author, at, seq, late } = message
  const receivedMs = performance.timeOrigin + performance.now()
  return { id, author, value: toJson(message.value), at, seq, late, receivedMs }
}

function processUsage(): { readonly cpuUs: number; readonly rssBytes: number } {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() }
}

const watched = [
  'neighbour',
  'neighbourLost',
  'suspected',
  'dead',
  'alive',
  'standing',
  'shed',
  'isolated',
  'healed',
] as const satisfies readonly (keyof NodeEvents)[]

function watch(node: Node, tell: (event: unknown) => void, signal: AbortSignal): void {
  for (const name of watched) node.on(name, (fact) => tell({ name, ...fact }), { signal })
  node.on('fault', ({ peer, fault }) => tell({ name: 'fault', peer, code: fault.code }), { signal })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
