import { describe, expect, it } from 'vitest'
import { presets } from '@kithnet/membership'
import { LinkWatch } from '../src/link-watch.ts'
import { peer } from './peers.ts'

/** `activeCapacity / probesPerInterval` periods of `lan`. */
const round = 5

function turns(watch: LinkWatch, count: number): readonly string[] {
  const silent: string[] = []
  for (let turn = 0; turn < count; turn++) silent.push(...watch.turn(1))
  return silent
}

describe('a link watch', () => {
  it('finds a link silent after four rounds of probing, unless something comes', () => {
    const watch = new LinkWatch(presets.lan)
    watch.add(peer(1))
    watch.add(peer(2))
    expect(turns(watch, 4 * round - 1)).toEqual([])
    watch.hear(peer(2))
    expect(watch.turn(2)).toEqual([])
    expect(watch.turn(1)).toEqual([peer(1)])
    watch.delete(peer(1))
    expect(turns(watch, 3 * round)).toEqual([])
  })

  it('is deaf when no neighbour was heard for two rounds, and never without neighbours', () => {
    const watch = new LinkWatch(presets.lan)
    turns(watch, 9 * round)
    expect(watch.isDeaf).toBe(false)
    watch.add(peer(1))
    watch.add(peer(2))
    turns(watch, 2 * round - 1)
    expect(watch.isDeaf).toBe(false)
    watch.turn(1)
    expect(watch.isDeaf).toBe(true)
    watch.hear(peer(2))
    expect(watch.isDeaf).toBe(false)
  })

  it('takes no notice of strangers', () => {
    const watch = new LinkWatch(presets.lan)
    expect(watch.hear(peer(3))).toBe(false)
    expect(watch.size).toBe(0)
  })
})
