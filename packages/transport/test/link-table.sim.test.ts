import { type Rng, seededRng } from '@kithnet/kernel'
import { type PeerId, peerIdOf } from '@kithnet/types'
import { expect, it } from 'vitest'
import { LinkTable, type LinkTableEvent } from '../src/link-table.ts'

interface SimLink {
  readonly id: number
  readonly dialler: 0 | 1
  /** Whether the end at each node knows of it. */
  readonly seen: [boolean, boolean]
  gone: boolean
}

/**
 * Two nodes whose dials, acceptances, goodbyes and breaks come in random order. Each end learns of an event on its
 * own, later.
 */
class TwoNodes {
  readonly peers: readonly [PeerId, PeerId]
  readonly tables: readonly [LinkTable, LinkTable]
  readonly links: SimLink[] = []
  broken = 0
  /** Facts on their way to a node. Facts of one link to one node keep their order. */
  readonly #coming: { readonly to: 0 | 1; readonly event: LinkTableEvent }[] = []
  readonly #rng: Rng

  constructor(rng: Rng) {
    this.#rng = rng
    const peers = [peerIdOf(rng.bytes(4)), peerIdOf(rng.bytes(4))] as const
    this.peers = peers
    this.tables = [new LinkTable(peers[0]), new LinkTable(peers[1])]
  }

  dial(dialler: 0 | 1): void {
    const id = this.links.length
    this.links.push({ id, dialler, seen: [false, false], gone: false })
    for (const to of [0, 1] as const) {
      const direction = to === dialler ? 'dialled' : 'accepted'
      const remote = this.peers[to === 0 ? 1 : 0]
      this.#coming.push({ to, event: { type: 'accepted', link: id, remote, direction } })
    }
  }

  end(link: SimLink): void {
    if (link.gone) return
    link.gone = true
    for (const to of [0, 1] as const)
      this.#coming.push({ to, event: { type: 'gone', link: link.id } })
  }

  /** Delivers one fact, chosen at random among those that may come next. */
  step(): boolean {
    const ready = this.#coming.filter(
      ({ to, event }, index) =>
        !this.#coming.some(
          (other, at) => at < index && other.to === to && other.event.link === event.link,
        ),
    )
    if (ready.length === 0) return false
    const next = ready[this.#rng.below(ready.length)]!
    this.#coming.splice(this.#coming.indexOf(next), 1)
    for (const effect of this.tables[next.to].on(next.event)) {
      if (effect.type !== 'emit') continue
      const { output } = effect
      if (output.type === 'drain' || output.type === 'refuse') this.end(this.links[output.link]!)
    }
    return true
  }
}

function run(seed: number, breaks: boolean): TwoNodes {
  const rng = seededRng(seed)
  const nodes = new TwoNodes(rng)
  let dials = 1 + rng.below(6)
  while (dials > 0 || nodes.step()) {
    const dice = rng.below(10)
    if (dials > 0 && dice < 4) {
      dials--
      nodes.dial(rng.below(2) === 0 ? 0 : 1)
    } else if (breaks && dice === 9 && nodes.links.length > 0) {
      const link = nodes.links[rng.below(nodes.links.length)]!
      if (!link.gone) nodes.broken++
      nodes.end(link)
    } else {
      nodes.step()
    }
  }
  return nodes
}

it('leaves exactly one link, the same at both sides, whatever the order of events', () => {
  for (let seed = 1; seed <= 5_000; seed++) {
    const nodes = run(seed, false)
    const standing = nodes.links.filter(({ gone }) => !gone)
    expect(standing, `seed ${seed}`).toHaveLength(1)
    const [a, b] = nodes.peers
    expect(nodes.tables[0].used(b), `seed ${seed}`).toBe(standing[0]!.id)
    expect(nodes.tables[1].used(a), `seed ${seed}`).toBe(standing[0]!.id)
    const smaller = a < b ? 0 : 1
    const bySmaller = nodes.links.some(({ dialler }) => dialler === smaller)
    expect(standing[0]!.dialler === smaller, `seed ${seed}`).toBe(bySmaller)
  }
})

it('agrees on the link, or on none, when links break at random', () => {
  let broken = 0
  for (let seed = 1; seed <= 5_000; seed++) {
    const nodes = run(seed, true)
    broken += nodes.broken
    const standing = nodes.links.filter(({ gone }) => !gone)
    expect(standing.length, `seed ${seed}`).toBeLessThanOrEqual(1)
    const [a, b] = nodes.peers
    expect(nodes.tables[0].used(b), `seed ${seed}`).toBe(standing[0]?.id)
    expect(nodes.tables[1].used(a), `seed ${seed}`).toBe(standing[0]?.id)
    if (nodes.broken === 0) expect(standing, `seed ${seed}`).toHaveLength(1)
  }
  expect(broken).toBeGreaterThan(1_000)
})
