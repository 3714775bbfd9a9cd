import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { presets, swimTimes } from '@kithnet/membership'
import { mean } from '../../../tools/sim/membership-mean.ts'
import { detectionTimes } from '../../../tools/sim/swim-figures.ts'

const table = [
  { preset: 'lan', watchers: 8, crashes: 40 },
  { preset: 'lan', watchers: 32, crashes: 30 },
  { preset: 'lan', watchers: 128, crashes: 8 },
  { preset: 'wan', watchers: 8, crashes: 40 },
  { preset: 'wan', watchers: 32, crashes: 30 },
  { preset: 'local', watchers: 8, crashes: 40 },
  { preset: 'local', watchers: 32, crashes: 30 },
] as const

describe('the stated times of detection', () => {
  for (const { preset, watchers, crashes } of table) {
    it(`are those of the machine: ${preset}, ${watchers} watchers`, () => {
      const config = presets[preset].swim
      const times = swimTimes(config, watchers)
      const rows = detectionTimes({ size: watchers + 1, config, seed: 1 }, crashes)
      const suspects = rows.map((row) => row.firstSuspectMs)
      const deaths = rows.map((row) => row.firstDeadMs)
      // A wait for the first probe has a standard deviation of about its mean.
      const error = (3 * config.probeIntervalMs) / config.probesPerInterval / Math.sqrt(crashes)
      expect(Math.abs(mean(suspects) - times.meanSuspectMs)).toBeLessThan(error)
      expect(Math.max(...suspects)).toBeLessThanOrEqual(times.worstSuspectMs)
      expect(Math.abs(mean(deaths) - times.meanDeadMs)).toBeLessThan(error)
      expect(Math.max(...rows.map((row) => row.everybodyMs))).toBeLessThanOrEqual(times.worstDeadMs)
    })
  }

  it('are those of the table in the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const rows = readme.matchAll(/^\| `(lan|wan|local)` +\| (\d+) (.*) \|$/gm)
    const stated = [...rows].map(([, preset, watchers, times]) => {
      return [
        preset,
        watchers,
        ...times!
          .split('|')
          .map((cell) => cell.trim())
          .slice(1),
      ].join(' ')
    })
    const computed = (['lan', 'wan', 'local'] as const).flatMap((preset) => {
      return [8, 32, 128].map((watchers) => {
        const times = swimTimes(presets[preset].swim, watchers)
        const { meanSuspectMs, worstSuspectMs, meanDeadMs, worstDeadMs } = times
        const seconds = [meanSuspectMs, worstSuspectMs, meanDeadMs, worstDeadMs].map((ms) => {
          return (ms / 1000).toFixed(1)
        })
        return [preset, watchers, ...seconds].join(' ')
      })
    })
    expect(stated).toEqual(computed)
  })
})
