import { epochMs } from '@kithnet/kernel'
import type { Part } from '../part.ts'
import { encodePledge } from '../statements/pledge.ts'

/** Says how much this node keeps for others, and says it again before that runs out. */
export class Pledging implements Disposable {
  readonly #part: Part
  #timer: Disposable | undefined
  #isOver = false

  constructor(part: Part) {
    this.#part = part
    void this.#renew()
  }

  /** Pledges no more. What was pledged runs out. */
  [Symbol.dispose](): void {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
  }

  async #renew(): Promise<void> {
    if (this.#isOver) return
    const { host, statements, options } = this.#part
    const bytes = options.keepBytes ?? 0
    const held = statements.get('pledge', host.self)?.statement
    const now = host.wall()
    const isFresh = held !== undefined && held.bytes === bytes && held.expiresAt - now > renewMs
    // Who never pledged anything has nothing to take back.
    const isNothing = bytes === 0 && (held === undefined || held.bytes === 0)
    if (!isFresh && !isNothing) await this.#pledge(bytes, held?.at ?? 0).catch(() => {})
    if (!this.#isOver) this.#timer = host.timer(checkMs, () => void this.#renew())
  }

  async #pledge(bytes: number, after: number): Promise<void> {
    const { host, statements } = this.#part
    const at = epochMs(Math.max(host.wall(), after + 1))
    const expiresAt = epochMs(at + pledgeMs)
    const pledge = { network: host.network, peer: host.self, bytes, at, expiresAt }
    await statements.publish('pledge', encodePledge(pledge))
  }
}

/** Source: our choice: who is gone for a day is asked no more. */
const pledgeMs = 86_400_000
/** It is said again when less than this is left. Source: our choice: half. */
const renewMs = 43_200_000
/** Source: our choice; a failed attempt is made again then. */
const checkMs = 600_000
