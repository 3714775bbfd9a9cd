import { CodedError, epochMs } from '@kithnet/kernel'
import { createIdentity, type Identity } from '@kithnet/identity'
import { Overlay, overlayConfig, type OverlayPreset } from '@kithnet/overlay'
import { memoryStore, loadIncarnation } from '@kithnet/store'
import {
  type Address,
  address,
  addressParts,
  networkId,
  type NetworkId,
  type Service,
  type Store,
  streamIdBytes,
  streamIdFromBytes,
  type Transport,
} from '@kithnet/types'
import { Authority } from './authority.ts'
import { Cleanup } from './cleanup.ts'
import type { RuntimeFault } from './faults.ts'
import { installFastHash } from './hash-backend.ts'
import { Links } from './links.ts'
import { Node, wrongNetwork } from './node.ts'
import { PeerMemory } from './peer-memory.ts'
import { type OverlayTap, Router } from './router.ts'
import { serviceHost, type ServicesOf } from './service-host.ts'
import { later, systemClock, systemRng } from './system.ts'
import { type Ticket, ticketOf } from './ticket.ts'
import { defaultListen, defaultTransports } from './transports.ts'

/** Makes a transport for a node. */
export type TransportFactory = (host: {
  readonly identity: Identity
  readonly network: NetworkId
}) => Transport

/** Options of `createNode`; none is needed. */
export interface NodeOptions<Services extends readonly Service[] = readonly Service[]> {
  /** Who this node is. Default: a fresh identity that ends with the node. The caller keeps what it gave. */
  readonly identity?: Identity
  /** Name of the network; peers of another never meet. Default `kithnet`, or that of the ticket. */
  readonly network?: string
  /** Tickets of peers to meet first. Resolves when a first neighbour stands. */
  readonly join?: string | Ticket | readonly (string | Ticket)[]
  /** Longest wait for that first neighbour, in milliseconds. Default 15,000. */
  readonly joinTimeoutMs?: number
  /** Addresses to listen on. Default: a free port of 127.0.0.1, or none in a browser. */
  readonly listen?: readonly string[]
  /** Addresses that peers are told. Default: those listened on. */
  readonly advertise?: readonly string[]
  /** How links are made. Default: every kind that this host has. */
  readonly transports?: readonly TransportFactory[]
  /** Where state lives. Default: in memory. The caller keeps what it gave. */
  readonly store?: Store
  /** Timers for machines side by side (`local`), a good network (`lan`, the default) or the internet (`wan`). */
  readonly preset?: OverlayPreset
  /** Capabilities to start with the node; each appears under its name. */
  readonly services?: Services
  /** Gives up creating. */
  readonly signal?: AbortSignal
  /** Sees every step of the protocols: for logs, metrics and traces. */
  readonly tap?: OverlayTap
}

/** A node with the interfaces of its services. */
export type NodeWith<Services extends readonly Service[]> = Node & ServicesOf<Services>

/**
 * A running member of a network: listening, joined, ready to publish. Throws having cleaned up.
 *
 * @throws CodedError `runtime/unreachable`, `runtime/bad-ticket`, `runtime/wrong-network`,
 * `runtime/bad-option`, or what a transport or store says.
 */
export async function createNode<const Services extends readonly Service[] = readonly []>(
  options: NodeOptions<Services> = {},
): Promise<NodeWith<Services>> {
  options.signal?.throwIfAborted()
  const cleanup = new Cleanup()
  try {
    const parts = await partsOf(options, cleanup)
    const { node, links, router } = parts
    await startListening(options, parts)
    await meetOthers(options, parts)
    const host = serviceHost(node, links)
    for (const service of options.services ?? []) {
      if (service.name in node) throw badOption('services', `"${service.name}" is taken.`)
      Object.defineProperty(node, service.name, {
        value: await service.start(host),
        enumerable: true,
      })
    }
    watchClock(router, cleanup)
    return node as NodeWith<Services>
  } catch (error) {
    await cleanup[Symbol.asyncDispose]()
    throw error
  }
}

interface Parts {
  readonly node: Node
  readonly links: Links
  readonly router: Router
  readonly peers: PeerMemory
  readonly tickets: readonly Ticket[]
  /** Replaces what peers are told. */
  readonly advertise: (addresses: readonly Address[]) => void
}

async function partsOf(options: NodeOptions, cleanup: Cleanup): Promise<Parts> {
  const tickets = ticketsOf(options.join)
  const network = networkOf(options.network, tickets)
  await installFastHash()
  const identity = options.identity ?? cleanup.use(createIdentity())
  const store = options.store ?? cleanup.use(memoryStore())
  const clock = systemClock()
  const incarnation = await loadIncarnation(store)
  const rng = systemRng()
  const overlay = new Overlay({
    network,
    self: identity.peer,
    publicKey: identity.publicKey,
    stream: streamIdFromBytes(rng.bytes(streamIdBytes)),
    epochAtZero: epochMs(clock.wall() - clock.now()),
    incarnation,
    addresses: [],
    config: overlayConfig(options.preset ?? 'lan'),
    rng,
  })
  const authority = new Authority(identity)
  let advertised: readonly Address[] = []
  const node = new Node({
    self: identity.peer,
    network,
    overlay,
    store,
    clock,
    advertised: () => advertised,
    checkBatch: (signed, key) => authority.batch(signed, key),
    dispose: () => cleanup[Symbol.asyncDispose](),
  })
  const peers = await PeerMemory.open(store, clock, (error) => node.failed(error))
  const transports = options.transports ?? defaultTransports()
  const links = new Links(
    identity.peer,
    transports.map((make) => make({ identity, network })),
    {
      linkUp: (peer, publicKey, dialled) => {
        const where = dialled === undefined ? {} : { dialled }
        router.feed({ type: 'linkUp', peer, publicKey, ...where })
      },
      linkDown: (peer, cause) => router.feed({ type: 'linkDown', peer, cause }),
      frame: (from, bytes) => router.feed({ type: 'frame', from, bytes }),
      congested: (peer) => router.feed({ type: 'congested', peer }),
      drained: (peer) => router.feed({ type: 'drained', peer }),
      roundTrip: (peer, ms) => router.feed({ type: 'roundTrip', peer, ms }),
      stream: (stream, from) => node.protocols.accept(stream, from),
      dialled: (peer, where, answered) => peers.dialled(peer, where, answered),
      fault: (peer, fault) => node.noted(peer, fault),
    },
  )
  cleanup.add(() => links.close())
  const router = new Router({
    overlay,
    clock,
    links,
    authority,
    store,
    onOutput: (output) => node.take(output),
    onError: (error) => node.failed(error),
    tap: options.tap,
  })
  cleanup.add(() => router.close())
  node.attach(router, links)
  const advertise = (addresses: readonly Address[]): void => {
    advertised = addresses
    router.feed({ type: 'addresses', addresses })
  }
  return { node, links, router, peers, tickets, advertise }
}

async function startListening(options: NodeOptions, parts: Parts): Promise<void> {
  for (const text of options.listen ?? defaultListen()) {
    await parts.links.listen(parsed('listen', text))
  }
  const chosen =
    options.advertise?.map((text) => parsed('advertise', text)) ?? parts.links.listening
  for (const one of chosen) {
    const { host } = addressParts(one)
    if (host !== '0.0.0.0' && host !== '::') continue
    throw badOption(
      'advertise',
      `${one} is every address of this machine: name in advertise those that peers can dial.`,
    )
  }
  parts.advertise(chosen)
}

/** Meets the peers of the tickets and those that an earlier life knew, and waits for a first neighbour. */
async function meetOthers(options: NodeOptions, parts: Parts): Promise<void> {
  const { node, peers, tickets } = parts
  node.on('neighbour', ({ peer }) => peers.heard(peer, parts.links.book.of(peer)))
  const contacts = [...tickets, ...peers.best()].filter((contact) => contact.peer !== node.id)
  if (contacts.length === 0) return
  const met = node.meet(contacts, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.joinTimeoutMs === undefined ? {} : { timeoutMs: options.joinTimeoutMs }),
  })
  // Peers of an earlier life are a help and no promise: only a ticket's bearer expects to meet somebody now.
  if (tickets.length > 0) await met
  else met.catch(() => {})
}

/** Tells the overlay when the host's wall clock was set. */
function watchClock(router: Router, cleanup: Cleanup): void {
  const clock = systemClock()
  let known = clock.wall() - clock.now()
  let timer: Disposable
  const check = (): void => {
    const epochAtZero = clock.wall() - clock.now()
    if (Math.abs(epochAtZero - known) > clockStepMs) {
      known = epochAtZero
      router.feed({ type: 'clock', epochAtZero: epochMs(epochAtZero) })
    }
    timer = later(clockCheckMs, check)
  }
  timer = later(clockCheckMs, check)
  cleanup.add(() => timer[Symbol.dispose]())
}

function ticketsOf(join: NodeOptions['join']): readonly Ticket[] {
  const list = join === undefined ? [] : Array.isArray(join) ? join : [join as string | Ticket]
  return (list as readonly (string | Ticket)[]).map((one) =>
    typeof one === 'string' ? ticketOf(one) : one,
  )
}

function networkOf(name: string | undefined, tickets: readonly Ticket[]): NetworkId {
  const network = name === undefined ? tickets[0]?.network : networkId(name)
  if (tickets.every((ticket) => ticket.network === network)) return network ?? networkId('kithnet')
  throw wrongNetwork()
}

function parsed(option: string, text: string): Address {
  const result = address(text)
  if (result.ok) return result.value
  throw badOption(
    option,
    `"${text}" is not an address such as tls://127.0.0.1:4000 or ws://host:port.`,
  )
}

function badOption(option: string, sentence: string): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>({ code: 'runtime/bad-option', option }, sentence)
}

/** A wall clock that moved less was not set. Source: our choice. */
const clockStepMs = 250
const clockCheckMs = 10_000
