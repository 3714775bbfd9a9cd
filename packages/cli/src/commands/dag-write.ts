import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { type Draft, type Inserted, mergeTips, type Outcome } from '@kithnet/dag'
import type { Identity } from '@kithnet/identity'
import { CodedError, toHex, utf8 } from '@kithnet/kernel'
import type { MetadataValue } from '@kithnet/wire'
import { usage } from '../faults.ts'
import { openIdentity } from '../identities.ts'
import { note, print, printJson } from '../output.ts'
import { makePlace, openPlace, placeOf, type PlaceOptions } from '../records-place.ts'
import { classOf } from './dag-record.ts'

interface PlainOptions extends PlaceOptions {
  readonly json?: boolean
}

interface SigningOptions extends PlainOptions {
  readonly identity?: string
  readonly identityPath?: string
  readonly passwordFile?: string
}

interface DraftOptions extends SigningOptions {
  readonly file?: string
  readonly class: string
  readonly meta?: readonly string[]
  readonly zone?: string
}

interface InsertOptions extends DraftOptions {
  readonly parent?: readonly string[]
  readonly signed?: string
}

/** `kith dag init`. */
export async function initRecords(options: PlainOptions): Promise<void> {
  const place = placeOf(options.store)
  await makePlace(place, options)
  if (options.json === true) printJson(place)
  else note(`Records are kept at ${place.path}.`)
}

/** `kith dag insert`. */
export async function insertRecord(
  text: string | undefined,
  options: InsertOptions,
): Promise<void> {
  await using open = await openPlace(options)
  const { records } = open
  if (options.signed !== undefined) {
    const content = options.file === undefined ? undefined : readFileSync(options.file)
    const record = new Uint8Array(readFileSync(options.signed))
    report(await records.insert(record, content), options)
    return
  }
  const draft = await draftOf(text, options)
  using identity = await signerOf(options)
  const inserted =
    options.parent === undefined
      ? await records.witness(draft, identity)
      : await records.merge(options.parent, draft, identity)
  tell(inserted, options)
}

/** `kith dag merge`. */
export async function mergeInto(parents: readonly string[], options: DraftOptions): Promise<void> {
  await using open = await openPlace(options)
  const { records } = open
  using identity = await signerOf(options)
  if (parents.length > 0) {
    const draft = await draftOf(options.file === undefined ? '' : undefined, options)
    tell(await records.merge(parents, draft, identity), options)
    return
  }
  const merges = await mergeTips(records, identity, classOf(options.class, '--class'))
  if (merges.length === 0) note('There is one tip at most: nothing to merge.')
  for (const inserted of merges) tell(inserted, options)
}

/** `kith dag witness`. */
export async function attestRecord(id: string, options: SigningOptions): Promise<void> {
  await using open = await openPlace(options)
  using identity = await signerOf(options)
  await open.records.attest(id, identity)
  const witnesses = (await open.records.attestations(id)).length
  if (options.json === true) printJson({ id, witnesses })
  else note(`You are one of ${witnesses} who witnessed ${id}.`)
}

/** The identity that signs. @throws CodedError `cli/usage` when none is named. */
export async function signerOf(options: SigningOptions): Promise<Identity> {
  if (options.identity === undefined && options.identityPath === undefined) {
    throw usage(
      '--identity',
      'Say who signs, with --identity NAME: "kith identity create NAME" makes one.',
    )
  }
  const { passwordFile } = options
  return openIdentity(options.identity, {
    path: options.identityPath,
    ...(passwordFile === undefined ? {} : { passwordFile }),
  })
}

async function draftOf(text: string | undefined, options: DraftOptions): Promise<Draft> {
  const metadata = new Map<string, MetadataValue>()
  for (const pair of options.meta ?? []) {
    const at = pair.indexOf('=')
    if (at < 1) throw usage('--meta', `"${pair}" is not of the form key=value.`)
    metadata.set(pair.slice(0, at), pair.slice(at + 1))
  }
  if (options.zone !== undefined) metadata.set('zone', options.zone)
  const classification = classOf(options.class, '--class')
  return { content: await contentOf(text, options), classification, metadata }
}

async function contentOf(text: string | undefined, { file }: DraftOptions): Promise<Uint8Array> {
  if (text !== undefined && file !== undefined)
    throw usage('--file', 'Give a text or a file, not both.')
  if (text !== undefined) return utf8(text)
  if (file !== undefined) return new Uint8Array(readFileSync(file))
  if (process.stdin.isTTY)
    throw usage('text', 'Give a text, a --file, or the content on standard input.')
  return new Uint8Array(await buffer(process.stdin))
}

function tell({ id, hash, record }: Inserted, options: PlainOptions): void {
  if (options.json === true) {
    printJson({
      id,
      hash: toHex(hash),
      content: toHex(record.contentHash),
      parents: record.parents,
    })
  } else print(id)
}

function report(outcome: Outcome, options: PlainOptions): void {
  if (outcome.status === 'refused') {
    throw new CodedError(
      outcome.fault,
      'This record was not taken in: it is not what its author signed, or has no place here.',
    )
  }
  if (options.json === true) printJson({ status: outcome.status, id: outcome.id })
  else if (outcome.status === 'waiting') {
    throw new CodedError(
      { code: 'dag/missing-parent', id: outcome.id, parents: outcome.missing },
      `It follows records that are not here: take in ${outcome.missing.join(', ')} first.`,
    )
  } else {
    print(outcome.id)
    if (outcome.status === 'known') note('It was here already.')
  }
}
