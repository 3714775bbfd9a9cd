/** Networks in which a share of the peers poisons the views of the others. */
import { pick, type Rng, sample } from '@kithnet/kernel'
import {
  HyParView,
  type KnownPeer,
  presets,
  type ViewConfig,
  type ViewEvent,
  type ViewMessage,
  type ViewOutput,
} from '@kithnet/membership'
import { createNetwork, type Network, type Node } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import { pairRank } from '../../packages/membership/src/pair-rank.ts'
import { simulatedKnownPeer, simulatedPeer } from './membership-peers.ts'
import { type Attack, type Plot, Poisoner } from './poisoner.ts'

/** Pause between two joins. */
const joinPauseMs = 10

/** How the views of honest peers look. */
export interface Poisoning {
  readonly cycle: number
  /** Mean share of hostile peers in passive views, in active views, and among those chosen by oneself. */
  readonly passive: number
  readonly active: number
  readonly chosen: number
  /** Share of honest peers that have hostile neighbours alone. */
  readonly eclipsed: number
  /** Share of honest peers that chose hostile neighbours alone: those whom asking ones may eclipse. */
  readonly chosenEclipsed: number
  /** Mean share of peers that do not exist in passive views, where they wait to be tried. */
  readonly ghosts: number
  /** Messages to the hostile in which an honest peer named one that does not exist. */
  readonly ghostsTold: number
}

/** A network with hostile peers in it. */
export interface PoisonedNetwork {
  readonly network: Network<ViewEvent, PeerId, ViewMessage, string, ViewOutput>
  readonly honest: readonly Node<ViewEvent, HyParView>[]
  readonly victims: readonly Node<ViewEvent, HyParView>[]
  /** Lets a cycle pass. */
  cycle(): void
  measure(nodes?: readonly Node<ViewEvent, HyParView>[]): Poisoning
}

/** The settings that ship, and those that do as the paper does. */
export const shippedViews: ViewConfig = presets.lan.views
export const plainViews: ViewConfig = { ...shippedViews, outboundQuota: 0, reserves: 'recent' }

/**
 * Lets `size` peers join in random order, 20 a second, each through a random honest one that is in already:
 * whoever gave a ticket is trusted. Hostile ones attack from their start.
 */
export function growPoisoned(
  size: number,
  config: ViewConfig,
  attack: Attack,
  seed: number,
): PoisonedNetwork {
  const ghostIds = new Set<PeerId>()
  const network = createNetwork<ViewEvent, PeerId, ViewMessage, string, ViewOutput>({
    seed,
    addressOf: (peer) => (ghostIds.has(peer) ? undefined : `memory://${peer}`),
  })
  const rng = network.rng('who is hostile')
  const isHostile = hostility(size, attack, rng)
  const plot: Plot = {
    ranked: config.reserves === 'ranked',
    attack,
    allies: [],
    ghosts: [],
    honest: [],
    joined: new Map(),
    victims: [],
    persuaded: new Set(),
    hostile: new Set(),
    ghostIds,
    underway: false,
    cycle: 0,
    ghostsTold: 0,
  }
  const ids = idsOf(isHostile, attack, rng)
  for (let index = 0; index < size; index++) {
    if (isHostile[index] !== true) continue
    plot.hostile.add(ids[index]!)
    for (let ghost = 0; ghost < (attack.ghosts ?? 0); ghost++) {
      const known = simulatedKnownPeer(simulatedPeer(size + plot.ghosts.length))
      ghostIds.add(known.descriptor.peer)
      plot.ghosts.push(known)
    }
  }
  const honest: Node<ViewEvent, HyParView>[] = []
  for (let index = 0; index < size; index++) {
    const peer = ids[index]!
    const contact = pick(rng, plot.honest)
    const contacts = contact === undefined ? [] : [{ peer: contact, addresses: [] }]
    if (isHostile[index] === true) {
      const known = simulatedKnownPeer(peer)
      plot.allies.push(known)
      network.add(peer, (boot) => new Poisoner(known, plot, boot.rng, config))
    } else {
      const node = network.add(peer, (boot) => new HyParView({ self: peer, config, rng: boot.rng }))
      node.inject({ type: 'described', self: simulatedKnownPeer(peer) })
      honest.push(node)
      plot.honest.push(peer)
      plot.joined.set(peer, Math.floor(network.now / config.shuffleIntervalMs))
      if (plot.victims.length < (attack.victims ?? 0)) plot.victims.push(peer)
    }
    network.inject(peer, { type: 'join', contacts })
    network.run(joinPauseMs)
    plot.cycle = Math.floor(network.now / config.shuffleIntervalMs)
  }
  const { behave } = attack
  if (behave !== undefined) {
    network.run(behave * config.shuffleIntervalMs)
    plot.underway = true
  }
  const isBad = (peer: PeerId): boolean => plot.hostile.has(peer) || ghostIds.has(peer)
  return {
    network,
    honest,
    victims: honest.slice(0, plot.victims.length),
    cycle() {
      network.run(config.shuffleIntervalMs)
      plot.cycle = Math.floor(network.now / config.shuffleIntervalMs)
    },
    measure: (nodes = honest) => measure(nodes, plot, isBad, ghostIds),
  }
}

function hostility(size: number, attack: Attack, rng: Rng): boolean[] {
  const count = Math.round(attack.share * size)
  const is = Array.from({ length: size }, () => false)
  // The first peer is honest: there must be somebody to join through.
  const places = Array.from({ length: size - 1 }, (_, index) => index + 1)
  const chosen = attack.early === true ? places.slice(0, count) : sample(rng, places, count)
  for (const index of chosen) is[index] = true
  return is
}

/** Everybody's id. Hostile peers that chose theirs have made one for the first, the second, … victim in turn. */
function idsOf(isHostile: readonly boolean[], attack: Attack, rng: Rng): readonly PeerId[] {
  const ids = isHostile.map((_, index) => simulatedPeer(index))
  const { triedIds = 0, victims = 0 } = attack
  if (triedIds === 0 || victims === 0) return ids
  const targets = ids.filter((_, index) => isHostile[index] !== true).slice(0, victims)
  let turn = 0
  return ids.map((id, index) => {
    if (isHostile[index] !== true) return id
    const victim = targets[turn++ % targets.length]!
    const made = Array.from({ length: triedIds }, () => simulatedPeer(rng.u32()))
    return made.reduce((least, one) =>
      pairRank(victim, one) < pairRank(victim, least) ? one : least,
    )
  })
}

function measure(
  nodes: readonly Node<ViewEvent, HyParView>[],
  plot: Plot,
  isBad: (peer: PeerId) => boolean,
  ghosts: ReadonlySet<PeerId>,
): Poisoning {
  const sums = { passive: 0, active: 0, chosen: 0, eclipsed: 0, chosenEclipsed: 0, ghosts: 0 }
  for (const { machine } of nodes) {
    const ids = (known: readonly KnownPeer[]): PeerId[] => known.map((one) => one.descriptor.peer)
    const passive = ids(machine.passive)
    const active = ids(machine.active)
    const { chosen } = machine
    sums.passive += shareOf(passive, isBad)
    sums.active += shareOf(active, isBad)
    sums.chosen += shareOf(chosen, isBad)
    sums.ghosts += shareOf(ids(machine.passive), (peer) => ghosts.has(peer))
    if (active.every(isBad)) sums.eclipsed++
    if (chosen.every(isBad)) sums.chosenEclipsed++
  }
  const count = nodes.length
  return {
    cycle: plot.cycle,
    ghostsTold: plot.ghostsTold,
    passive: sums.passive / count,
    active: sums.active / count,
    chosen: sums.chosen / count,
    eclipsed: sums.eclipsed / count,
    chosenEclipsed: sums.chosenEclipsed / count,
    ghosts: sums.ghosts / count,
  }
}

function shareOf(peers: readonly PeerId[], is: (peer: PeerId) => boolean): number {
  return peers.length === 0 ? 0 : peers.filter(is).length / peers.length
}

/** How the views of honest peers change: after the joins and then after each cycle. */
export function poisoningCurve(
  size: number,
  config: ViewConfig,
  attack: Attack,
  cycles: number,
  seed: number,
): readonly Poisoning[] {
  const poisoned = growPoisoned(size, config, attack, seed)
  const curve = [poisoned.measure()]
  for (let count = 0; count < cycles; count++) {
    poisoned.cycle()
    curve.push(poisoned.measure())
  }
  return curve
}
