import { expect, test } from 'vitest'
import { bytesOf, bytesText, durationOf, rangesText, wholeWithin } from '../src/quantities.ts'

const year = 31_536_000_000

test('sizes as people write them', () => {
  expect(
    ['0', '512', '500MB', '2GB', '1GiB', '1.5 kb', '3TiB'].map((text) => bytesOf(text, '-')),
  ).toEqual([0, 512, 5e8, 2e9, 2 ** 30, 1500, 3 * 2 ** 40])
  for (const text of ['', '-1', '1 potato', '1e9', 'GB', '9999999TB', '1..5MB', '1GB x']) {
    expect(() => bytesOf(text, '--keep'), text).toThrow('cli/usage')
  }
})

test('time spans as people write them', () => {
  expect(
    ['30s', '5m', '12h', '90d', '2w', '1y'].map((text) => durationOf(text, '-', year)),
  ).toEqual([30_000, 300_000, 43_200_000, 7_776_000_000, 1_209_600_000, year])
  for (const text of ['', '0d', '90', 'd', '1.5d', '-1d', '90 d', '2months']) {
    expect(() => durationOf(text, '--for', year), text).toThrow('is no time span')
  }
  expect(() => durationOf('366d', '--for', year)).toThrow('at most 365d')
})

test('numbers within their bounds', () => {
  expect(wholeWithin('4', '--onward', 0, 4)).toBe(4)
  for (const text of ['5', '-1', '1.5', '', 'x', '0x1']) {
    expect(() => wholeWithin(text, '--onward', 0, 4), text).toThrow('cli/usage')
  }
})

test('what people read', () => {
  expect([0, 999, 1000, 20_000_000, 1e9].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '20.0 MB',
    '1.0 GB',
  ])
  expect(rangesText([])).toBe('')
  expect(rangesText([7, 2, 0, 1, 3])).toBe('0-3, 7')
})
