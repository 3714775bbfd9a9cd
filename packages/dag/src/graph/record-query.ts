import { comesBefore } from './time-order.ts'
import type { RecordFacts } from './record-facts.ts'
import type { Zones } from './zones.ts'

/** What records are asked for. What is left out does not matter. */
export interface RecordFilter {
  /** SHA3-256 of the creator's key. */
  readonly creatorKeyHash?: Uint8Array
  readonly contentHash?: Uint8Array
  readonly classification?: number
  readonly zone?: string
  /** Claimed times in seconds, both included. */
  readonly since?: number
  readonly until?: number
  /** Most records to answer with: the newest ones. */
  readonly limit?: number
}

/** The numbers of the records that fulfil the filter, newest time first, then by number, downwards too. */
export function queryNumbers(filter: RecordFilter, facts: RecordFacts, zones: Zones): number[] {
  const limit = filter.limit ?? Infinity
  const group = smallestGroup(filter, facts, zones)
  if (group?.count === 0 || limit <= 0) return []
  const fulfils = predicate(filter, facts, zones)
  const found: number[] = []
  if (group === undefined || isWalkShorter(group.count, limit, facts.size)) {
    for (const node of facts.between(filter.since, filter.until, true)) {
      if (!fulfils(node)) continue
      found.push(node)
      if (found.length >= limit) break
    }
    return found
  }
  for (const node of group.members()) if (fulfils(node)) found.push(node)
  const times = facts.times()
  found.sort((a, b) => (comesBefore(times, a, b) ? 1 : -1))
  return limit < found.length ? found.slice(0, limit) : found
}

/** Records that have one asked-for thing in common. */
interface Group {
  readonly count: number
  members(): Iterable<number>
}

function smallestGroup(filter: RecordFilter, facts: RecordFacts, zones: Zones): Group | undefined {
  const groups: Group[] = []
  if (filter.contentHash !== undefined) {
    const nodes = facts.withContent(filter.contentHash)
    groups.push({ count: nodes.length, members: () => nodes })
  }
  if (filter.creatorKeyHash !== undefined) {
    const creator = facts.withCreator(filter.creatorKeyHash)
    const count = creator < 0 ? 0 : facts.creatorPostings.count(creator)
    groups.push({ count, members: () => facts.creatorPostings.of(creator) })
  }
  if (filter.classification !== undefined) {
    const { classification } = filter
    const count = facts.classPostings.count(classification)
    groups.push({ count, members: () => facts.classPostings.of(classification) })
  }
  if (filter.zone !== undefined) {
    const zone = zones.find(filter.zone)
    const postings = zones.postings()
    if (zone < 0) groups.push({ count: 0, members: () => [] })
    else if (postings !== undefined) {
      groups.push({ count: postings.count(zone), members: () => postings.of(zone) })
    }
  }
  return groups.toSorted((a, b) => a.count - b.count)[0]
}

/** Whether going through all times from the newest is expected to meet `limit` of the group sooner than going through it. */
function isWalkShorter(count: number, limit: number, size: number): boolean {
  return (limit * size) / count < count
}

function predicate(
  filter: RecordFilter,
  facts: RecordFacts,
  zones: Zones,
): (node: number) => boolean {
  const { classification, since, until } = filter
  const creator =
    filter.creatorKeyHash === undefined ? undefined : facts.withCreator(filter.creatorKeyHash)
  const zone = filter.zone === undefined ? undefined : zones.find(filter.zone)
  const sharers =
    filter.contentHash === undefined ? undefined : new Set(facts.withContent(filter.contentHash))
  return (node) =>
    (classification === undefined || facts.classOf(node) === classification) &&
    (creator === undefined || facts.creatorOf(node) === creator) &&
    (zone === undefined || zones.of(node) === zone) &&
    (sharers === undefined || sharers.has(node)) &&
    (since === undefined || facts.time(node) >= since) &&
    (until === undefined || facts.time(node) <= until)
}
