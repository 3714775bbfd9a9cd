/**
 * One hostile link of eight, in every way that the trust rules name, and by an attacker that has read them.
 *
 * Set-up: nine whole overlays of the `lan` preset, each a neighbour of all others, 10 ms one way; the links of the hostile
 * one take 4 ms, so that what it passes on comes before what the author itself sends. Bounds that an attack would take hours to reach are narrower than those that ship: 1,024 ids remembered
 * per link, a cache of 4 MiB, 100 messages a second of an author. Eight honest authors publish in turn, one message
 * each 50 ms, one per batch. From the tenth second on (in the quick form the third, in fewer ways) the hostile peer attacks in one of the ways
 * of `hostile.ts` for as long as anybody listens. Every message and receiver is compared with the same run without an
 * attack: nothing lost, nothing twice, nothing that was proven or refused delayed by more than two round trips. For replays it keeps what it saw,
 * waits until the others have forgotten it (16 minutes), and sends it again; there only loss and repetition are
 * counted. `...Standing` is the place on the ladder that half of its victims give it in the end: once it is fed by few,
 * it has little left to anger the rest with. Silence delays nothing here, because neighbours of an author live off the author; what
 * it does further away is measured by `attacks`.
 */
import {
  atMost,
  exactly,
  type Figure,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { type Attack, tactics } from './hostile.ts'
import { rounded } from './membership-mean.ts'
import {
  cacheBytes,
  honestPeers,
  ladder,
  type Outcome,
  roundTripMs,
  seenPerLink,
  Siege,
  type Spans,
} from './siege.ts'

const fullSpans: Spans = { settleMs: 3_000, peaceMs: 10_000, attackMs: 20_000 }
const quickSpans: Spans = { settleMs: 2_000, peaceMs: 3_000, attackMs: 3_000 }
/** Ways of the quick form: one or two of each kind. */
const quickAttacks: readonly Attack[] = [
  'forged',
  'withheld',
  'withheldBelow',
  'muteOther',
  'promisesBelow',
  'invented',
  'ahead',
  'bucket',
  'storm',
  'history',
]

/** Attacks that no honest peer can be taken for: whoever makes one is not heard any more in the end. */
const flagrant: ReadonlySet<Attack> = new Set<Attack>([
  'forged',
  'withheld',
  'replayed',
  'history',
  'stormOver',
])
/** What an attack did to the delays. */
interface Harm {
  /** The most that it delayed any message at any receiver, in round trips. */
  readonly worst: number
  /** Messages of each source that it delayed by more than a round trip, at each receiver. */
  readonly late: number
}

function harmOf(attacked: Outcome, calm: Outcome): Harm {
  let worst = 0
  let late = 0
  for (const [key, delay] of attacked.delays) {
    const usual = calm.delays.get(key)
    if (usual === undefined) continue
    const extra = (delay - usual) / roundTripMs
    worst = Math.max(worst, extra)
    if (extra > 1) late++
  }
  return { worst, late: late / (honestPeers * (honestPeers - 1)) }
}

const attacks = (Object.keys(tactics) as Attack[]).filter((attack) => attack !== 'none')

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const seeds = seedsOf(options)
  const spans = options.quick ? quickSpans : fullSpans
  const chosen = options.quick ? quickAttacks : attacks
  const figures: Record<string, number> = {}
  const standings = new Map<Attack, number>()
  const note = (name: string, value: number): void => {
    figures[name] = Math.max(figures[name] ?? 0, value)
  }
  for (const seed of seeds) {
    const calm = new Siege('none', spans, seed).run()
    for (const attack of chosen) {
      const outcome = new Siege(attack, spans, seed).run()
      const { worst, late } = attack === 'replayed' ? { worst: 0, late: 0 } : harmOf(outcome, calm)
      const standing = ladder[outcome.standing]!
      options.progress(
        `seed ${seed}, ${attack}: ${outcome.lost} lost, ${worst.toFixed(2)} round trips, ${standing}`,
      )
      note('lost', outcome.lost)
      note(`${attack}RoundTrips`, rounded(worst))
      note('lateEach', rounded(late))
      note('wrong', outcome.wrong)
      note('honestLinksCut', outcome.shedHonest)
      standings.set(attack, Math.min(standings.get(attack) ?? 9, outcome.standing))
      note('mostPendingBytes', outcome.peak.pendingBytes)
      note('mostPending', outcome.peak.pending)
      note('mostUnverified', outcome.peak.unverified)
      note('mostKeys', outcome.peak.knownKeys)
      note('mostSeen', outcome.peak.seen)
      note('mostCachedBytes', outcome.peak.cachedBytes)
      note('mostLanes', outcome.peak.lanes)
    }
  }
  const shown: Record<string, Figure> = { ...figures }
  let flagrantHeard = 0
  for (const [attack, standing] of standings) {
    shown[`${attack}Standing`] = ladder[standing]!
    if (flagrant.has(attack) && standing < ladder.indexOf('graylisted')) flagrantHeard++
  }
  shown['flagrantHeard'] = flagrantHeard
  return judge({ id: 'A19', seeds: seeds.length, figures: shown, threshold: thresholds(chosen) })
}

function thresholds(chosen: readonly Attack[]): Record<string, Threshold> {
  const none = { match: exactly(0), beat: exactly(0) }
  const inTime = { match: atMost(2), beat: atMost(2) }
  const within = (most: number): Threshold => ({ match: null, beat: atMost(most) })
  const delays = chosen.map((attack) => [`${attack}RoundTrips`, inTime] as const)
  return {
    lost: none,
    wrong: none,
    honestLinksCut: none,
    ...Object.fromEntries(delays),
    lateEach: { match: atMost(0.5), beat: null },
    flagrantHeard: { match: null, beat: exactly(0) },
    // Source: the bounds of the overlay: 64 of each link, 1 MiB, eight unknown authors; keys of nine peers.
    mostPending: within(64 * honestPeers),
    mostPendingBytes: within(1_048_576),
    mostUnverified: within(8 * honestPeers + 64),
    mostKeys: within(honestPeers + 1),
    mostSeen: within(seenPerLink * (honestPeers + 1)),
    mostCachedBytes: within(cacheBytes),
    mostLanes: within(1_024 + honestPeers),
  }
}

export const scenario: Scenario = {
  id: 'A19',
  title: 'one hostile link of eight, in every way: nothing lost, nothing late, the link cut',
  defaultSeeds: 20,
  run,
}
