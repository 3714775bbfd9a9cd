import {
  after,
  type Effect,
  type Fired,
  type Instant,
  type LinkDown,
  type LinkUp,
  type Machine,
  type Persisted,
  type Received,
} from '@kithnet/kernel'
import { type Boot, createNetwork, type Network, type NetworkOptions } from '@kithnet/testkit'

export type EchoLocal =
  | { readonly type: 'say'; readonly to: string; readonly text: string }
  | { readonly type: 'let-go'; readonly of: string }
  | { readonly type: 'alarm'; readonly key: string; readonly at: Instant }
  | { readonly type: 'calm'; readonly key: string }
  | { readonly type: 'write'; readonly key: string; readonly value: Uint8Array }

export type EchoEvent =
  EchoLocal | Received<string, string> | LinkUp<string> | LinkDown<string> | Persisted

type Effects = readonly Effect<string, string, string, string>[]

/** Does what it is told, and keeps a diary of what it saw and when. */
export class Echo implements Machine<EchoEvent, string, string, string, string> {
  readonly diary: string[] = []
  readonly boot: Boot<string>

  constructor(boot: Boot<string>) {
    this.boot = boot
  }

  on(event: EchoEvent | Fired<string>, now: Instant): Effects {
    this.diary.push(`${now} ${describe(event)}`)
    switch (event.type) {
      case 'say':
        return [{ type: 'send', to: event.to, message: event.text }]
      case 'let-go':
        return [{ type: 'release', peer: event.of }]
      case 'alarm':
        return [{ type: 'arm', key: event.key, at: event.at }]
      case 'calm':
        return [{ type: 'disarm', key: event.key }]
      case 'write':
        return [{ type: 'persist', key: event.key, value: event.value }]
      case 'received':
        if (event.message !== 'ping') return [{ type: 'emit', output: event.message }]
        return [{ type: 'send', to: event.from, message: 'pong' }]
      case 'fired':
        return event.key === 'tick' ? [{ type: 'arm', key: 'tick', at: after(now, 100) }] : []
      case 'linkUp':
      case 'linkDown':
      case 'persisted':
        return []
    }
  }

  /** What was seen, without times. */
  get seen(): string[] {
    return this.diary.map((line) => line.slice(line.indexOf(' ') + 1))
  }
}

function describe(event: EchoEvent | Fired<string>): string {
  switch (event.type) {
    case 'received':
      return `${event.message} from ${event.from}`
    case 'linkUp':
      return `up ${event.peer}`
    case 'linkDown':
      return `down ${event.peer} ${event.cause}`
    case 'fired':
      return `fired ${event.key}`
    case 'persisted':
      return `persisted ${event.key}`
    case 'say':
    case 'let-go':
    case 'alarm':
    case 'calm':
    case 'write':
      return event.type
  }
}

export type EchoNetwork = Network<EchoEvent, string, string, string, string>

/** A network of echoes with these names, 10 ms apart. */
export function echoes(
  names: readonly string[],
  options: Partial<NetworkOptions<string, string, string>> = {},
): { readonly network: EchoNetwork; readonly see: (name: string) => Echo } {
  const network: EchoNetwork = createNetwork({ seed: 1, ...options })
  const nodes = new Map(names.map((name) => [name, network.add(name, (boot) => new Echo(boot))]))
  return { network, see: (name) => nodes.get(name)!.machine }
}
