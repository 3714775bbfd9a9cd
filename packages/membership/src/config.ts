/** Knobs of HyParView. Every duration is in milliseconds, every walk in hops. */
export interface ViewConfig {
  /** Neighbours to look for. */
  readonly activeTarget: number
  /**
   * Most neighbours. Places beyond the target are for those who ask: where every place is always taken, a few
   * peers that have only each other find nobody to let them in.
   */
  readonly activeCapacity: number
  /**
   * Neighbours that this peer chooses from its reserves itself; nobody who asks can take their places. Whoever
   * chooses asks with high priority, and only those whom nobody chose make room.
   */
  readonly outboundQuota: number
  /**
   * Who stays in reserve: `recent`, whoever was heard of last, as in the paper; `ranked`, who has the least
   * hash in a slot, so that pushing often gains nothing, and nobody is told of peers that were not reached.
   */
  readonly reserves: 'recent' | 'ranked'
  /** Most peers held in reserve; `ranked`: slots, each with one peer and one that has to be tried first. */
  readonly passiveCapacity: number
  /** Hops of a newcomer's walk; also the bound on what others may ask for. The paper's ARWL. */
  readonly activeWalkHops: number
  /** Hops left at which a newcomer's walk leaves it in a passive view. The paper's PRWL. */
  readonly passiveWalkHops: number
  /** Hops of a shuffle's walk; also the bound on what others may ask for. */
  readonly shuffleHops: number
  /** Neighbours offered in a shuffle. The paper's ka. */
  readonly shuffleActive: number
  /** Passive peers offered in a shuffle. The paper's kp. */
  readonly shufflePassive: number
  /** Pause between shuffles once settled; each pause is drawn from [3/4, 5/4] of it. */
  readonly shuffleIntervalMs: number
  /**
   * How often the pause is halved after a newcomer was seen: pauses grow from interval / 2^n. Without early
   * shuffles, nodes that join one by one leave a separate component behind (Pólya's urn).
   */
  readonly earlyShuffles: number
  /** How long an asked peer may take to answer, its dial included. */
  readonly neighborTimeoutMs: number
  /** First and last pause when every candidate has refused; it doubles in between. */
  readonly repairBackoffMs: number
  readonly repairBackoffMaxMs: number
  /** First and last pause between attempts of an isolated peer to rejoin; it doubles in between. */
  readonly rejoinBackoffMs: number
  readonly rejoinBackoffMaxMs: number
  /**
   * The rejoin period: once in each, drawn from [3/4, 5/4] of it, a lost neighbour and a contact are asked to
   * be neighbours, with low priority, so that the parts of a split network find together.
   */
  readonly rejoinIntervalMs: number
  /** Newcomers per second for which room is made here; beyond it they get only free places. */
  readonly joinsPerSecond: number
}

/** Knobs of SWIM with Lifeguard. Every duration is in milliseconds. */
export interface SwimConfig {
  /** The protocol period. Stretched by (1 + local health). */
  readonly probeIntervalMs: number
  /** How long a direct probe may take before others are asked. Stretched by (1 + local health). */
  readonly probeTimeoutMs: number
  /** Members probed in a period. */
  readonly probesPerInterval: number
  /** Members asked to probe for us. The paper's k. */
  readonly indirectProbes: number
  /**
   * alpha: the shortest suspicion is alpha * max(1, log10 n) * probeIntervalMs, and three independent
   * confirmations bring it there, or those of all others where fewer watch.
   */
  readonly suspicionMultiplier: number
  /** beta: a suspicion that nobody confirms lasts beta times the shortest. */
  readonly suspicionMaxMultiplier: number
  /** Local health runs from 0 (well) to this. */
  readonly healthMax: number
  /** lambda: an update is sent lambda * ceil(log10(n + 1)) times. */
  readonly retransmitMultiplier: number
  /** Most updates on one probe or answer. */
  readonly piggybackUpdates: number
}

/** All knobs of a `Membership`. */
export interface MembershipConfig {
  readonly views: ViewConfig
  readonly swim: SwimConfig
}

/** Names of the presets. */
export type PresetName = 'paper' | 'lan' | 'wan' | 'local'

/**
 * Source: Leitão, Pereira and Rodrigues, "HyParView", DSN 2007, section 5: 5/30, ARWL 6, PRWL 3, ka 3, kp 4.
 * It leaves the hops of a shuffle open; 3 is as far as saorsa-gossip sends one.
 * The paper counts time in cycles; one cycle is a minute here, as in iroh-gossip's defaults, and the other
 * times are our choice. The paper has neither early shuffles nor rejoining (a day is longer than its
 * experiments): those that join nodes one by one run cycles between the joins.
 */
const paperViews: ViewConfig = {
  activeTarget: 5,
  activeCapacity: 5,
  outboundQuota: 0,
  reserves: 'recent',
  passiveCapacity: 30,
  activeWalkHops: 6,
  passiveWalkHops: 3,
  shuffleHops: 3,
  shuffleActive: 3,
  shufflePassive: 4,
  shuffleIntervalMs: 60_000,
  earlyShuffles: 0,
  neighborTimeoutMs: 2_000,
  repairBackoffMs: 1_000,
  repairBackoffMaxMs: 60_000,
  rejoinBackoffMs: 1_000,
  rejoinBackoffMaxMs: 60_000,
  rejoinIntervalMs: 86_400_000,
  joinsPerSecond: 1_000_000,
}

/**
 * Source: views of 8/64 are those of saorsa-gossip 0.5, and eight neighbours keep survivors connected where
 * five do not; two more places are our choice; walks and samples as in the paper; the times are our choice for round trips below 50 ms.
 */
const lanViews: ViewConfig = {
  ...paperViews,
  activeTarget: 8,
  activeCapacity: 10,
  outboundQuota: 3,
  reserves: 'ranked',
  passiveCapacity: 100,
  shuffleIntervalMs: 30_000,
  earlyShuffles: 5,
  repairBackoffMaxMs: 30_000,
  rejoinBackoffMaxMs: 30_000,
  rejoinIntervalMs: 120_000,
  joinsPerSecond: 20,
}

/**
 * Source: probe 1 s, timeout 0.5 s, 3 indirect probes, at most 6 times the shortest suspicion, local health
 * up to 8 and lambda 4 are the LAN defaults of memberlist, hashicorp/memberlist config.go; alpha 3 instead
 * of its 4 because a neighbourhood is smaller than a cluster; two probes a period, our choice, so that some
 * neighbour of a silent peer probes it within four periods even of eight.
 */
const lanSwim: SwimConfig = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  probesPerInterval: 2,
  indirectProbes: 3,
  suspicionMultiplier: 3,
  suspicionMaxMultiplier: 6,
  healthMax: 8,
  retransmitMultiplier: 4,
  piggybackUpdates: 4,
}

/**
 * Ready-made settings. `paper` reproduces published tables: HyParView's 5/30, and SWIM with a period of 2 s,
 * one probe and one indirect probe a period (Das, Gupta and Motivala, "SWIM", DSN 2002, section 5). The
 * others ship: `lan` for one site, `wan` (period 3 s, timeout 1.5 s, alpha 5) for the internet, `local`
 * (0.2 s, 0.1 s, 2) for processes of one machine and tests.
 */
export const presets: Readonly<Record<PresetName, MembershipConfig>> = {
  paper: {
    views: paperViews,
    swim: {
      ...lanSwim,
      probeIntervalMs: 2_000,
      probesPerInterval: 1,
      indirectProbes: 1,
      retransmitMultiplier: 3,
    },
  },
  lan: { views: lanViews, swim: lanSwim },
  wan: {
    views: {
      ...lanViews,
      neighborTimeoutMs: 6_000,
      repairBackoffMs: 2_000,
      rejoinBackoffMs: 2_000,
    },
    swim: { ...lanSwim, probeIntervalMs: 3_000, probeTimeoutMs: 1_500, suspicionMultiplier: 5 },
  },
  local: {
    views: {
      ...lanViews,
      shuffleIntervalMs: 5_000,
      neighborTimeoutMs: 1_000,
      repairBackoffMs: 200,
      repairBackoffMaxMs: 5_000,
      rejoinBackoffMs: 200,
      rejoinBackoffMaxMs: 5_000,
      rejoinIntervalMs: 20_000,
    },
    swim: { ...lanSwim, probeIntervalMs: 200, probeTimeoutMs: 100, suspicionMultiplier: 2 },
  },
}
