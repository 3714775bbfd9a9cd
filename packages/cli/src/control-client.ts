import { connect, type Socket } from 'node:net'
import { CodedError } from '@kithnet/kernel'
import { type ControlReply, type ControlRequest, LineReader } from './control-protocol.ts'
import type { CliFault, RemoteFault } from './faults.ts'

interface Pending {
  resolve(result: unknown): void
  reject(error: unknown): void
  readonly onEvent: ((event: unknown) => void) | undefined
}

/** A command's connection to a running node. */
export class ControlClient implements Disposable {
  readonly #socket: Socket
  readonly #pending = new Map<number, Pending>()
  #id = 0

  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8')
    const reader = new LineReader((line) => this.#take(line))
    socket.on('data', (text: string) => {
      if (!reader.push(text)) socket.destroy()
    })
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        for (const pending of this.#pending.values()) pending.reject(goneError())
        this.#pending.clear()
        resolve()
      })
    })
    socket.on('error', () => socket.destroy())
  }

  /** @throws CodedError `cli/no-node` when nothing answers on the socket. */
  static open(path: string): Promise<ControlClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      socket.once('error', (cause) =>
        reject(
          new CodedError<CliFault>(
            { code: 'cli/no-node', socket: path },
            'No node runs here. Start one with "kith network up".',
            { cause },
          ),
        ),
      )
      socket.once('connect', () => {
        socket.removeAllListeners('error')
        resolve(new ControlClient(socket))
      })
    })
  }

  /** Asks; resolves with the node's result. Events that follow go to `onEvent`. */
  ask(request: ControlRequest, onEvent?: (event: unknown) => void): Promise<unknown> {
    const id = ++this.#id
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(goneError())
        return
      }
      this.#pending.set(id, { resolve, reject, onEvent })
      this.#socket.write(`${JSON.stringify({ id, ...request })}\n`)
    })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #take(line: string): void {
    const reply = JSON.parse(line) as ControlReply
    const pending = this.#pending.get(reply.id)
    if (pending === undefined) return
    if ('event' in reply) {
      pending.onEvent?.(reply.event)
      return
    }
    if (pending.onEvent === undefined || 'error' in reply) this.#pending.delete(reply.id)
    if ('result' in reply) pending.resolve(reply.result)
    else pending.reject(remoteError(reply.error))
  }
}

function goneError(): CodedError<CliFault> {
  return new CodedError<CliFault>(
    { code: 'cli/control', why: 'the connection ended' },
    'The node ended the connection; it may have stopped.',
  )
}

function remoteError(error: {
  readonly code: string
  readonly message: string
}): CodedError<RemoteFault> {
  const sentence = error.message.replace(/ \[[a-z-]+\/[a-z-]+\]$/, '')
  return new CodedError<RemoteFault>({ code: error.code, remote: true }, sentence)
}
