import type { Mode } from '@kithnet/wire'
import type { Draft } from '../make-vectors.ts'
import type { PathCaseInput } from '../vector-subjects.ts'

/** Cases of `wire/tile-path.json`. */
export function pathCases(): readonly Draft<PathCaseInput>[] {
  const good: readonly (readonly [Mode, string, string])[] = [
    ['strict', '2026/02/16/c0/z0000/s0042', 'the usual form'],
    ['strict', '1970/01/01/c3/z0000/s0000', 'the first day'],
    ['strict', '9999/12/31/c1/z0000/s0255', 'the last shard'],
    ['strict', '65535/01/31/c2/z0000/s0001', 'a year has no width'],
    ['compatible', '2026/2/16/c0/z0/s42', 'numbers without zeros in front'],
    ['compatible', '+2026/02/16/c0/z0000/s0042', 'a sign in front'],
    ['compatible', '2026/13/40/c0/z0000/s9999', 'numbers are not looked at'],
    ['compatible', '2026/02/16/c0/z0000/s0042/records.bin', 'more parts are left out'],
    ['compatible', '1970/01/255/c0/z0000/s0171', 'what a time before 1970 gives'],
    ['compatible', '0002026/02/16/c0/z0000/s0042', 'zeros in front'],
  ]
  const bad: readonly (readonly [Mode, string, string, string])[] = [
    ['strict', '2026/02/16/c0/z0000', 'a part is missing', 'wire/path'],
    ['strict', '', 'nothing is there', 'wire/path'],
    ['strict', '2026/02/16/c0/z0000/s0042/', 'a part too many', 'wire/path'],
    ['strict', '2026/2/16/c0/z0000/s0042', 'another width', 'wire/path'],
    ['strict', '2026/13/16/c0/z0000/s0042', 'no such month', 'wire/path'],
    ['strict', '2026/02/00/c0/z0000/s0042', 'no such day', 'wire/path'],
    ['strict', '2026/02/32/c0/z0000/s0042', 'no such day', 'wire/path'],
    ['strict', '2026/02/16/c0/z0000/s0256', 'no such shard', 'wire/path'],
    ['strict', '+2026/02/16/c0/z0000/s0042', 'a sign', 'wire/path'],
    ['strict', '2026/02/16/c4/z0000/s0042', 'no such class', 'wire/classification'],
    ['strict', '2026/02/16/0/z0000/s0042', 'the letter is missing', 'wire/path'],
    ['strict', '2026/02/16/c0/s0042/z0000', 'parts in another order', 'wire/path'],
    ['compatible', '70000/01/01/c0/z0000/s0000', 'a year of 17 bits', 'wire/path'],
    ['compatible', '2026/256/01/c0/z0000/s0000', 'a month of 9 bits', 'wire/path'],
    ['compatible', '2026/01/256/c0/z0000/s0000', 'a day of 9 bits', 'wire/path'],
    ['compatible', '2026/01/01/c256/z0000/s0000', 'a class of 9 bits', 'wire/path'],
    ['compatible', '2026/01/01/c7/z0000/s0000', 'no such class', 'wire/classification'],
    ['compatible', '2026/01/01/c0/z65536/s0000', 'a zone of 17 bits', 'wire/path'],
    ['compatible', '2026/01/01/c0/z0000/s65536', 'a shard of 17 bits', 'wire/path'],
    ['compatible', '-1/01/01/c0/z0000/s0000', 'a number below zero', 'wire/path'],
    ['compatible', '2026//01/c0/z0000/s0000', 'an empty part', 'wire/path'],
    ['compatible', '2026/01/01/c0/z0000', 'a part is missing', 'wire/path'],
  ]
  return [
    ...good.map(([mode, path, why]): Draft<PathCaseInput> => [
      `${mode} "${path}"`,
      why,
      { mode, path },
    ]),
    ...bad.map(([mode, path, why, fault]): Draft<PathCaseInput> => [
      `${mode} "${path}"`,
      why,
      { mode, path },
      fault,
    ]),
  ]
}
