import { assert, fromHex, toHex } from '@kithnet/kernel'
import type { ElraRecord, MetadataValue } from '@kithnet/wire'
import type { Records } from '../records.ts'

/** What a record says about its author's key. Other keys are named by the hexadecimal SHA3-256 of the key. */
export type KeyStatement =
  /** The author's key is not to be believed from here on: it was stolen, or is laid down. */
  | { readonly type: 'key-end' }
  /** The same of a key that named the author's one with `key-recovery`. */
  | { readonly type: 'key-end'; readonly key: string }
  /** Another key may end this one. */
  | { readonly type: 'key-recovery'; readonly key: string }
  /** Another key goes on for this one, once that one has said so too. */
  | { readonly type: 'key-successor'; readonly key: string }
  /** The author goes on for a key that named it. */
  | { readonly type: 'key-predecessor'; readonly key: string }

/** The metadata of a record that makes a statement about a key. */
export function keyMetadata(
  statement: KeyStatement,
): readonly (readonly [string, MetadataValue])[] {
  const key = 'key' in statement ? [['key', statement.key] as const] : []
  return [['type', statement.type], ...key]
}

/** How an author's key stood at a record, by what came before what and never by clocks. */
export interface KeyStanding {
  /**
   * `disputed` when the end of the key comes neither before the record nor after it: its owner may have signed it, or a
   * thief.
   */
  readonly standing: 'good' | 'ended' | 'disputed'
  /** The record that ends the key, or disputes the record. */
  readonly endedBy: string | undefined
  /** Keys that go on for this one, where both said so while their own was good; sorted. More than one is a dispute. */
  readonly successors: readonly string[]
}

/**
 * How the key of a record's author stood at that record; `undefined` when the record is not here. Reads all that the author
 * and the keys that it names have written.
 */
export async function keyStanding(records: Records, id: string): Promise<KeyStanding | undefined> {
  const entry = records.graph.entry(id)
  if (entry === undefined) return undefined
  const key = toHex(entry.creatorKeyHash)
  const own = await statementsOf(records, key)
  const ends = await endsOf(records, key, own)
  const successors = new Set<string>()
  for (const { id: said, type, about } of own) {
    if (type !== 'key-successor' || about === undefined) continue
    if (standingAt(records, said, ends).standing !== 'good') continue
    if (await isAccepted(records, said, about, key)) successors.add(about)
  }
  return { ...standingAt(records, id, ends), successors: [...successors].sort() }
}

interface Statement {
  readonly id: string
  readonly type: string
  /** The key that it names. */
  readonly about: string | undefined
}

/** Every end of a key: its own word, and that of each recovery key. Whoever stole the key can do no worse than end it. */
async function endsOf(
  records: Records,
  key: string,
  own: readonly Statement[],
): Promise<readonly Statement[]> {
  const ends = own.filter(({ type, about }) => type === 'key-end' && about === undefined)
  for (const { type, about } of own) {
    if (type !== 'key-recovery' || about === undefined) continue
    const theirs = await statementsOf(records, about)
    ends.push(...theirs.filter((one) => one.type === 'key-end' && one.about === key))
  }
  return ends
}

function standingAt(
  records: Records,
  id: string,
  ends: readonly Statement[],
): Omit<KeyStanding, 'successors'> {
  let disputedBy: string | undefined
  for (const end of ends) {
    // The end itself is the last good word of its key.
    if (end.id === id) continue
    const relation = records.graph.relation(end.id, id)
    if (relation === 'before') return { standing: 'ended', endedBy: end.id }
    if (relation !== 'after') disputedBy ??= end.id
  }
  return { standing: disputedBy === undefined ? 'good' : 'disputed', endedBy: disputedBy }
}

async function isAccepted(
  records: Records,
  named: string,
  successor: string,
  key: string,
): Promise<boolean> {
  const theirs = await statementsOf(records, successor)
  return theirs.some(
    ({ id, type, about }) =>
      type === 'key-predecessor' && about === key && records.graph.relation(named, id) === 'before',
  )
}

/** What an author said about keys. */
async function statementsOf(records: Records, key: string): Promise<readonly Statement[]> {
  const creatorKeyHash = fromHex(key)
  assert(creatorKeyHash !== undefined, 'a key is named in hexadecimal')
  const ids = records.graph.query({ creatorKeyHash })
  const statements: Statement[] = []
  for (let at = 0; at < ids.length; at += batchRecords) {
    for (const stored of await records.store.getMany(ids.slice(at, at + batchRecords))) {
      const statement = stored === undefined ? undefined : statementOf(stored.record)
      if (statement !== undefined) statements.push(statement)
    }
  }
  return statements
}

function statementOf({ id, metadata }: ElraRecord): Statement | undefined {
  const type = metadata.get('type')
  const about = metadata.get('key')
  if (typeof type !== 'string' || !types.has(type)) return undefined
  if (about === undefined) return type === 'key-end' ? { id, type, about } : undefined
  return typeof about === 'string' && keyPattern.test(about) ? { id, type, about } : undefined
}

const types: ReadonlySet<string> = new Set([
  'key-end',
  'key-recovery',
  'key-successor',
  'key-predecessor',
] satisfies KeyStatement['type'][])
const keyPattern = /^[0-9a-f]{64}$/
/** Source: our choice; some 1.4 MB. */
const batchRecords = 256
