import { createInterface } from 'node:readline'
import type { Summary } from './file-run.ts'
import { type LocalNetwork, type Member, type NetworkWatcher, talkTopic } from './local-network.ts'

const escape = '\u001b['

/**
 * What a person sees of a local network. On a terminal a table of the members stays on top while lines scroll
 * below it; elsewhere the lines alone, on stderr.
 */
export class Console implements NetworkWatcher {
  readonly #live: boolean
  #network: LocalNetwork | undefined
  #dirty = false
  #timer: ReturnType<typeof setInterval> | undefined
  #talker = 0

  constructor(options: { readonly live: boolean }) {
    this.#live = options.live
  }

  show(network: LocalNetwork): void {
    this.#network = network
    if (!this.#live) return
    const top = network.members.length + 3
    const rows = process.stdout.rows ?? 24
    process.stdout.write(`${escape}2J${escape}${top};${rows}r${escape}${rows};1H`)
    this.#timer = setInterval(() => this.#paint(), paintMs)
    this.#dirty = true
  }

  say(text: string): void {
    this.#line(text)
  }

  note(name: string, text: string): void {
    this.#line(`${name.padEnd(12)} ${text}`)
  }

  message(name: string, from: string, text: string): void {
    this.#line(`${name.padEnd(12)} ${from}: ${text}`)
  }

  changed(): void {
    this.#dirty = true
  }

  /** What became of a file, for a person. */
  summary(summary: Summary): void {
    const whole = Object.values(summary.sha256.peers).filter(
      (hash) => hash === summary.sha256.source,
    )
    this.say(
      `${summary.ok ? 'Verified' : 'NOT VERIFIED'}: ${summary.linesPublished} lines, whole at ${whole.length} of ${summary.peers} nodes, ` +
        `${summary.duplicates} twice, ${summary.verificationFailures} unverifiable.`,
    )
    this.say(
      `Latency p50 ${summary.latencyMs.p50} ms, p99 ${summary.latencyMs.p99} ms; ${summary.cpuUsPerDelivery} µs CPU and ` +
        `${summary.bytesPerDelivery} bytes a delivery; ${summary.suite}.`,
    )
  }

  /** Reads text and commands until `/quit` or the end of input. */
  async interact(network: LocalNetwork): Promise<void> {
    this.say('Type text and Enter to publish it; /kill N, /start N, /quit.')
    const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' })
    lines.prompt()
    for await (const line of lines) {
      if (line.trim() === '/quit') break
      try {
        await this.#obey(network, line.trim())
      } catch (error) {
        this.say(error instanceof Error ? error.message : String(error))
      }
      lines.prompt()
    }
    lines.close()
  }

  end(): void {
    if (!this.#live || this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#paint()
    process.stdout.write(`${escape}r${escape}${process.stdout.rows ?? 24};1H\n`)
  }

  async #obey(network: LocalNetwork, line: string): Promise<void> {
    if (line === '') return
    const [command, argument] = line.split(/\s+/)
    if (command === '/kill' || command === '/start') {
      const member = network.members[Number(argument)]
      if (member === undefined)
        throw new Error(`${command} takes a number from 0 to ${network.peers.length}`)
      if (command === '/start') await this.#start(network, member)
      else this.#kill(member)
      return
    }
    if (line.startsWith('/')) throw new Error('commands: /kill N, /start N, /quit')
    const talkers = network.peers.filter((peer) => peer.program !== undefined)
    const talker = talkers[this.#talker++ % talkers.length]
    if (talker === undefined) throw new Error('no peer runs: /start one')
    await network.publish(talker, talkTopic, line)
    this.note(talker.name, `published "${line}"`)
  }

  async #start(network: LocalNetwork, member: Member): Promise<void> {
    if (member.program !== undefined) throw new Error(`${member.name} runs already`)
    await network.startMember(member)
    this.note(member.name, 'started')
  }

  #kill(member: Member): void {
    if (member.program === undefined) throw new Error(`${member.name} does not run`)
    member.program.kill()
    this.note(member.name, `killed (process ${member.program.pid})`)
  }

  #line(text: string): void {
    if (this.#live) process.stdout.write(`\r${escape}K${text}\n`)
    else process.stderr.write(`${text}\n`)
  }

  #paint(): void {
    if (!this.#dirty || this.#network === undefined) return
    this.#dirty = false
    const rows = this.#network.members.map((member) => row(member))
    const table = [
      'member        id        neighbours  received  lines  twice  unverifiable',
      ...rows,
      '─'.repeat(72),
    ]
    const drawn = table.map((text, index) => `${escape}${index + 1};1H${escape}K${text}`).join('')
    process.stdout.write(`\u001b7${drawn}\u001b8`)
  }
}

function row(member: Member): string {
  const runs = member.program === undefined ? 'not running' : String(member.neighbours)
  return [
    member.name.padEnd(13),
    member.peer.slice(0, 8).padEnd(9),
    runs.padEnd(11),
    String(member.received).padStart(8),
    String(member.ledger.delivered).padStart(6),
    String(member.ledger.duplicates).padStart(6),
    String(member.verificationFailures).padStart(13),
  ].join(' ')
}

/** Source: our choice; what an eye follows. */
const paintMs = 200
