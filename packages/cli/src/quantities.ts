import { usage } from './faults.ts'

/** Bytes of a unit, by its name in lower case. */
const bytesByUnit: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Milliseconds of a unit. A year has 365 days. */
const msByUnit: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

/** Bytes that a person wrote: `500MB`, `1.5 GiB`, `0`. @throws CodedError `cli/usage`. */
export function bytesOf(text: string, option: string): number {
  const [, digits, unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]*)$/i.exec(text) ?? []
  const factor = bytesByUnit[unit === '' ? 'b' : unit.toLowerCase()]
  const bytes = Math.floor(Number(digits) * (factor ?? Number.NaN))
  if (Number.isSafeInteger(bytes)) return bytes
  throw usage(option, `"${text}" is no size: give one such as 500MB, 2GB or 1GiB.`)
}

/** Milliseconds that a person wrote: `90d`, `12h`, `1y`; more than nothing. @throws CodedError `cli/usage`. */
export function durationOf(text: string, option: string, mostMs: number): number {
  const [, digits, unit = ''] = /^(\d{1,9})([smhdwy])$/.exec(text) ?? []
  const ms = Number(digits) * (msByUnit[unit] ?? Number.NaN)
  if (ms > 0 && ms <= mostMs) return ms
  if (!(ms > mostMs)) {
    throw usage(option, `"${text}" is no time span: give one such as 90d, 12h or 1y.`)
  }
  throw usage(option, `${text} is too long: at most ${Math.floor(mostMs / msByUnit['d']!)}d.`)
}

/** A whole number within bounds. @throws CodedError `cli/usage`. */
export function wholeWithin(text: string, option: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value
  throw usage(option, `${option} takes a whole number from ${least} to ${most}, not "${text}".`)
}

/** Bytes for people. */
export function bytesText(bytes: number): string {
  const unit = ['TB', 'GB', 'MB', 'kB'].find((name) => bytes >= bytesByUnit[name.toLowerCase()]!)
  if (unit === undefined) return `${bytes} B`
  return `${(bytes / bytesByUnit[unit.toLowerCase()]!).toFixed(1)} ${unit}`
}

/** Numbers in rising order for people: `0-3, 7`. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: { readonly from: number; to: number }[] = []
  for (const one of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && one <= last.to + 1) last.to = one
    else ranges.push({ from: one, to: one })
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}

/** A time for people and programs alike, from milliseconds since 1970. */
export function momentText(ms: number | null): string {
  return ms === null ? '-' : new Date(ms).toISOString()
}
