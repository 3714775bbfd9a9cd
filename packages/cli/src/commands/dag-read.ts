import { type FoundRecord, type RecordFilter, simpleTrust, timeBounds } from '@kithnet/dag'
import { CodedError, toHex } from '@kithnet/kernel'
import { identityHash } from '@kithnet/wire'
import { note, print, printJson, printTable } from '../output.ts'
import { openPlace, type PlaceOptions } from '../records-place.ts'
import {
  className,
  classOf,
  countOf,
  hashOf,
  metadataText,
  recordJson,
  secondsOf,
  timeText,
} from './dag-record.ts'

interface PlainOptions extends PlaceOptions {
  readonly json?: boolean
}

interface QueryOptions extends PlainOptions {
  readonly creator?: string
  readonly content?: string
  readonly class?: string
  readonly zone?: string
  readonly since?: string
  readonly until?: string
  readonly limit: string
}

/** `kith dag query`. */
export async function queryRecords(id: string | undefined, options: QueryOptions): Promise<void> {
  await using open = await openPlace(options)
  const { records } = open
  if (id !== undefined) {
    const found = await records.get(id)
    if (found === undefined) throw absent(id)
    if (options.json === true) print(recordJson(found))
    else show(found)
    return
  }
  const found = await records.query(filterOf(options))
  if (options.json === true) for (const one of found) print(recordJson(one))
  else if (found.length === 0) note('No record fulfils this.')
  else printTable(['id', 'time', 'class', 'creator', 'parents', ''], found.map(row))
}

/** `kith dag analyze`. */
export async function analyzeRecord(id: string, options: PlainOptions): Promise<void> {
  await using open = await openPlace(options)
  const { records } = open
  const found = await records.get(id)
  if (found === undefined) throw absent(id)
  const analysis = records.analyze(id)
  const words = await records.attestations(id)
  const times = words.filter(({ timed }) => timed).map(({ timestamp }) => timestamp)
  const bounds = timeBounds(records.graph, id, times)!
  if (options.json === true) {
    const witnesses = words.map(({ witness, timestamp }) => ({
      witness,
      time: timeText(timestamp),
    }))
    printJson({
      ...analysis,
      notBefore: Number.isFinite(bounds.notBefore) ? timeText(bounds.notBefore) : null,
      notAfter: timeText(bounds.notAfter),
      timeHolds: bounds.holds,
      trust: simpleTrust(words.length),
      witnesses,
      sameContent: found.conflict?.ids ?? [],
      equivocator: found.equivocator,
    })
    return
  }
  const more = analysis.complete ? '' : ' or more'
  print(`ancestors    ${analysis.ancestors}${more}`)
  print(`descendants  ${analysis.descendants}${more}`)
  print(`parents      ${analysis.parents}${analysis.isRoot ? ' (a root)' : ''}`)
  print(`children     ${analysis.children}${analysis.isTip ? ' (a tip)' : ''}`)
  print(`depth        ${analysis.depth}`)
  print(`claims       ${timeText(bounds.claimed)}`)
  if (Number.isFinite(bounds.notBefore)) print(`not before   ${timeText(bounds.notBefore)}`)
  print(
    `not after    ${timeText(bounds.notAfter)}${bounds.holds ? '' : ' (the claim does not hold)'}`,
  )
  print(`witnesses    ${words.length}, trust ${simpleTrust(words.length).toFixed(2)}`)
  for (const { witness, timestamp } of words)
    print(`             ${witness.slice(0, 16)} ${timeText(timestamp)}`)
  if (found.conflict !== undefined) print(`same content ${found.conflict.ids.join(' ')}`)
  if (found.equivocator) print('its author   contradicted itself: there is proof')
}

/** `kith dag tips`. */
export async function listTips(
  options: PlainOptions & { readonly zone?: string; readonly roots?: boolean },
): Promise<void> {
  await using open = await openPlace(options)
  const { graph } = open.records
  const ids = options.roots === true ? graph.roots(options.zone) : graph.tips(options.zone)
  if (options.json === true) printJson(ids)
  else for (const id of ids) print(id)
}

/** The error for an id that is not here. */
export function absent(id: string): CodedError {
  return new CodedError({ code: 'dag/not-found', id } as const, `There is no record ${id} here.`)
}

function filterOf(options: QueryOptions): RecordFilter {
  const { creator, content, class: name, zone, since, until } = options
  return {
    limit: countOf(options.limit, '--limit'),
    ...(creator === undefined ? {} : { creatorKeyHash: hashOf(creator, '--creator') }),
    ...(content === undefined ? {} : { contentHash: hashOf(content, '--content') }),
    ...(name === undefined ? {} : { classification: classOf(name, '--class') }),
    ...(zone === undefined ? {} : { zone }),
    ...(since === undefined ? {} : { since: secondsOf(since, '--since') }),
    ...(until === undefined ? {} : { until: secondsOf(until, '--until') }),
  }
}

function row({ record, conflict, equivocator }: FoundRecord): readonly string[] {
  const marks = [conflict === undefined ? '' : 'same content', equivocator ? 'equivocator' : '']
  return [
    record.id,
    timeText(record.timestamp),
    className(record.classification),
    identityHash(record.creatorKey).slice(0, 16),
    String(record.parents.length),
    marks.filter((mark) => mark !== '').join(', '),
  ]
}

function show(found: FoundRecord): void {
  const { record, hash, firstSeen, conflict, equivocator } = found
  print(`id         ${record.id}`)
  print(`time       ${timeText(record.timestamp)}`)
  print(`class      ${className(record.classification)}`)
  print(`creator    ${identityHash(record.creatorKey)}`)
  print(`content    ${toHex(record.contentHash)}`)
  print(`hash       ${toHex(hash)}`)
  for (const parent of record.parents) print(`parent     ${parent}`)
  print(`metadata   ${metadataText(record)}`)
  print(`first seen ${new Date(firstSeen).toISOString()}`)
  print(`bytes      ${record.bytes.length}`)
  if (conflict !== undefined) print(`same content ${conflict.ids.join(' ')}`)
  if (equivocator) print('its author contradicted itself: there is proof')
}
