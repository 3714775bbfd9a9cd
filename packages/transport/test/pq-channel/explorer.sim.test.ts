import { seededRng } from '@kithnet/kernel'
import { expect, it } from 'vitest'
import type { Setting } from './endpoint.ts'
import { type Coverage, exploreOnce } from './explorer.ts'

/** Source: our choice; papers on handshakes ask for 10^5, which KITHNET_SCHEDULES=100000 runs. */
const schedules = Number(process.env['KITHNET_SCHEDULES'] ?? 10_000)
const steps = 40

it(
  `holds its properties in ${schedules} random schedules of an active attacker`,
  { timeout: 600_000 },
  () => {
    const coverage: Coverage = { established: 0, agreements: 0, failed: 0, faults: new Map() }
    for (let seed = 0; seed < schedules; seed++) {
      try {
        exploreOnce(`schedule ${seed}`, steps, coverage)
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
      }
    }
    // The runs must have met what they are about, or they would prove nothing.
    expect(coverage.agreements).toBeGreaterThan(schedules)
    expect(coverage.failed).toBeGreaterThan(schedules)
    for (const code of [
      'transport/channel-unauthentic',
      'transport/channel-unexpected',
      'transport/wrong-network',
      'transport/wrong-peer',
      'transport/channel-signature',
      'transport/channel-no-common',
      'transport/channel-busy',
      'transport/own-peer',
    ]) {
      expect(coverage.faults.get(code) ?? 0, code).toBeGreaterThan(0)
    }
  },
)

const sabotages: readonly (readonly [string, RegExp, (setting: Setting) => Setting])[] = [
  [
    'a check of signatures that believes everybody',
    /impostor/,
    (setting) => ({ ...setting, judge: { verify: () => true } }),
  ],
  [
    'a generator that repeats itself at every end',
    /more than two|one role/,
    (setting) => {
      const random = (length: number): Uint8Array<ArrayBuffer> => seededRng(1).bytes(length)
      const { mlKem768 } = setting.primitives
      const encapsulate: typeof mlKem768.encapsulate = (key) => {
        const fixed = mlKem768.keyPair(new Uint8Array(64))
        return { ciphertext: new Uint8Array(1088), sharedSecret: fixed.decapsulate(key)! }
      }
      const keyPair: typeof mlKem768.keyPair = () => {
        const fixed = mlKem768.keyPair(new Uint8Array(64))
        return { ...fixed, decapsulate: () => fixed.decapsulate(fixed.publicKey) }
      }
      const primitives = { ...setting.primitives, random, mlKem768: { encapsulate, keyPair } }
      return { ...setting, primitives }
    },
  ],
]

for (const [what, complaint, sabotage] of sabotages) {
  it(`notices ${what}`, () => {
    const coverage: Coverage = { established: 0, agreements: 0, failed: 0, faults: new Map() }
    expect(() => {
      for (let seed = 0; seed < 1_000; seed++) {
        exploreOnce(`sabotage ${seed}`, steps, coverage, sabotage)
      }
    }).toThrow(complaint)
  })
}
