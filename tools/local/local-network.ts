import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeystore } from '@kithnet/identity'
import { type Line, LineLedger } from './line-ledger.ts'
import { Program } from './program.ts'

/** What the network tells of its life. */
export interface NetworkWatcher {
  note(name: string, text: string): void
  message(name: string, from: string, text: string): void
  changed(): void
}

/** A peer of the local network: its process while it runs, and what it has seen. */
export interface Member {
  readonly name: string
  program: Program | undefined
  peer: string
  /** Of its present life: a process that was killed has forgotten what it had. */
  ledger: LineLedger
  readonly latenciesMs: number[]
  verificationFailures: number
  neighbours: number
  received: number
}

/** What a running node says of itself over its control socket. */
export interface MemberStatus {
  readonly overlay: { readonly activeView: readonly string[] }
  readonly traffic: { readonly bytesSent: number }
  readonly process: { readonly cpuUs: number; readonly rssBytes: number }
}

/** A link as a running node sees it. */
export interface MemberLink {
  readonly peer: string
  readonly suite: string
}

/** The topics of the local network. */
export const linesTopic = 'lines'
export const talkTopic = 'talk'

/**
 * A coordinator and peers as processes of their own on real links, in a folder of their own that goes with them.
 * Peers know the coordinator's ticket and nothing else.
 */
export class LocalNetwork {
  readonly coordinator: Member
  readonly peers: readonly Member[]
  readonly #home = mkdtempSync(join(tmpdir(), 'kith-'))
  readonly #watcher: NetworkWatcher
  #ticket = ''

  constructor(peers: number, watcher: NetworkWatcher) {
    this.#watcher = watcher
    this.coordinator = newMember('coordinator')
    this.peers = Array.from({ length: peers }, (_, index) => newMember(`peer-${index + 1}`))
  }

  /** The coordinator and the peers. */
  get members(): readonly Member[] {
    return [this.coordinator, ...this.peers]
  }

  get running(): readonly Member[] {
    return this.members.filter((member) => member.program !== undefined)
  }

  async start(): Promise<void> {
    for (const member of this.members) {
      const made = await createKeystore(this.#keyPath(member), { kind: 'none' })
      member.peer = made.identity.peer
      made.identity[Symbol.dispose]()
    }
    await this.startMember(this.coordinator)
    await Promise.all(this.peers.map((peer) => this.startMember(peer)))
  }

  /** Starts a member that does not run; one that ran before comes back as the same peer. */
  async startMember(member: Member): Promise<void> {
    const isCoordinator = member === this.coordinator
    const identity = ['--identity-path', this.#keyPath(member)]
    const args = isCoordinator
      ? [...identity, '--preset', 'lan']
      : ['network', 'up', ...identity, '--join', this.#ticket, '--preset', 'lan']
    const program = await Program.start(isCoordinator ? 'kith-coordinator.ts' : 'kith.ts', args, {
      home: this.#home,
      profile: member.name,
      onNote: (line) => this.#watcher.note(member.name, line),
    })
    member.program = program
    member.ledger = new LineLedger()
    if (isCoordinator) this.#ticket = program.ticket
    void program.control.ended.then(() => {
      if (member.program === program) member.program = undefined
      member.neighbours = 0
      this.#watcher.changed()
    })
    await this.#watch(member, program)
    this.#watcher.changed()
  }

  /**
   * Waits until every running peer is reached from every other over active views, without the coordinator: they
   * know each other by gossip, and could go on without it.
   */
  async meshed(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const views = new Map<string, readonly string[]>()
      for (const member of this.running) {
        if (member === this.coordinator && this.running.length > 2) continue
        views.set(member.peer, (await this.status(member)).overlay.activeView)
      }
      if (isConnected(views)) return
      if (Date.now() > deadline) throw new Error(`no mesh of ${views.size} within ${timeoutMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async publish(member: Member, topic: string, value: unknown): Promise<void> {
    await member.program?.control.ask({ method: 'publish', topic, value: value as never })
  }

  async status(member: Member): Promise<MemberStatus> {
    return (await member.program!.control.ask({ method: 'status' })) as MemberStatus
  }

  async links(member: Member): Promise<readonly MemberLink[]> {
    return (await member.program!.control.ask({ method: 'peers' })) as readonly MemberLink[]
  }

  /** The name of a member by its id. */
  nameOf(peer: string): string {
    return this.members.find((member) => member.peer === peer)?.name ?? peer.slice(0, 8)
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((member) => member.program!.stop()))
    rmSync(this.#home, { recursive: true, force: true })
  }

  /** Ends every process at once: for an exit that cannot wait. */
  killAll(): void {
    for (const member of this.running) member.program!.kill()
    rmSync(this.#home, { recursive: true, force: true })
  }

  async #watch(member: Member, program: Program): Promise<void> {
    await program.control.ask({ method: 'watch' }, (event) => this.#told(member, event as Told))
    const { neighbours } = (await program.control.ask({ method: 'status' })) as {
      readonly neighbours: readonly string[]
    }
    member.neighbours = neighbours.length
    await program.control.ask({ method: 'subscribe', topic: linesTopic, own: true }, (event) => {
      const { value, receivedMs } = event as { readonly value: Line; readonly receivedMs: number }
      member.ledger.take(value)
      member.received++
      member.latenciesMs.push(receivedMs - value.sentMs)
      this.#watcher.changed()
    })
    await program.control.ask({ method: 'subscribe', topic: talkTopic }, (event) => {
      const { value, author } = event as { readonly value: unknown; readonly author: string }
      member.received++
      this.#watcher.message(member.name, this.nameOf(author), String(value))
    })
  }

  #told(member: Member, event: Told): void {
    if (event.name === 'fault') {
      if (isVerificationFailure(event.code ?? '')) member.verificationFailures++
      return
    }
    if (event.name === 'neighbour') member.neighbours++
    if (event.name === 'neighbourLost') member.neighbours--
    if (event.peer !== undefined) {
      const cause = event.cause === undefined ? '' : ` (${event.cause})`
      this.#watcher.note(
        member.name,
        `${wordFor[event.name] ?? event.name} ${this.nameOf(event.peer)}${cause}`,
      )
    }
    this.#watcher.changed()
  }

  #keyPath(member: Member): string {
    return join(this.#home, `${member.name}.kithkey`)
  }
}

interface Told {
  readonly name: string
  readonly peer?: string
  readonly code?: string
  readonly cause?: string
}

const wordFor: Readonly<Record<string, string>> = {
  neighbour: 'neighbour of',
  neighbourLost: 'lost',
  suspected: 'suspects',
  dead: 'holds for dead',
  alive: 'heard again from',
  shed: 'cut off',
}

/** A fault that says that something signed, or an id, was not what it claimed to be. */
function isVerificationFailure(code: string): boolean {
  return /signature|wrong-key|bad-batch|bad-id|forged|invalid/.test(code)
}

function newMember(name: string): Member {
  return {
    name,
    program: undefined,
    peer: '',
    ledger: new LineLedger(),
    latenciesMs: [],
    verificationFailures: 0,
    neighbours: 0,
    received: 0,
  }
}

/** True when views of at least two members form one component, taking every edge both ways. */
function isConnected(views: ReadonlyMap<string, readonly string[]>): boolean {
  const [start] = views.keys()
  if (start === undefined) return false
  const reached = new Set([start])
  for (const peer of reached) {
    for (const next of views.get(peer) ?? []) if (views.has(next)) reached.add(next)
  }
  return reached.size === views.size
}
