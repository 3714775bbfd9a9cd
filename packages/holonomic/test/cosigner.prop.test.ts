import { seededRng } from '@kithnet/kernel'
import { Cosigner, isFork, type Offered, WitnessLog } from '@kithnet/holonomic'
import type { Verified } from '@kithnet/types'
import { expect, it } from 'vitest'
import { noon } from './actors.ts'
import { name, offer, self, state } from './offers.ts'

it('never signs two that exclude each other, whatever comes, in whatever order, across crashes', () => {
  const rng = seededRng('schedules')
  for (let schedule = 0; schedule < 250; schedule++) {
    const branches = [new WitnessLog(name), new WitnessLog(name)]
    const fork = rng.below(3)
    for (let epoch = 0; epoch < fork; epoch++) {
      for (const branch of branches) branch.commit(state(`${epoch}`), noon)
    }
    const offers = branches.flatMap((branch, which) =>
      Array.from({ length: 3 }, (_, index) =>
        offer(branch, `${which} ${index}`, rng.below(branch.epoch + 1)),
      ),
    )
    const disk = new Map<string, Uint8Array>()
    let witness = new Cosigner(self)
    let unwritten: { readonly key: string; readonly value: Uint8Array }[] = []
    const signed: Verified<Offered['checkpoint']>[] = []
    const take = (effects: ReturnType<Cosigner['on']>): void => {
      for (const effect of effects) {
        if (effect.type === 'persist') unwritten.push(effect)
        if (effect.type === 'emit' && effect.output.type === 'cosign') {
          signed.push(effect.output.checkpoint)
        }
      }
    }
    for (let step = 0; step < 16; step++) {
      const what = rng.below(8)
      if (what === 0) {
        witness = new Cosigner(self, disk)
        unwritten = []
      } else if (what < 3) {
        for (const { key, value } of unwritten.splice(0)) {
          disk.set(key, value)
          take(witness.on({ type: 'persisted', key }))
        }
      } else {
        take(witness.on(offers[rng.below(offers.length)]!))
      }
    }
    for (const one of signed) {
      for (const other of signed) expect(isFork(one, other)).toBe(false)
    }
    const branchOf = (one: (typeof signed)[number]): number =>
      offers.findIndex(({ checkpoint }) => checkpoint === one) < 3 ? 0 : 1
    // Beyond the common past every signature is on one side.
    expect(new Set(signed.map(branchOf)).size).toBeLessThanOrEqual(1)
  }
})
