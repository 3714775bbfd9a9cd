import { mkdir, open, rename, rm } from 'node:fs/promises'
import {
  BlockPool,
  blockSpan,
  checkContentSymbol,
  contentIdOf,
  createContent,
  createContentDecoder,
  type Manifest,
} from '@kithnet/fountain'
import { CodedError, toHex } from '@kithnet/kernel'
import type { CliFault } from '../faults.ts'
import { policyOf, type PolicyOptions, wholeNumber } from '../fountain-policy.ts'
import { note, print, printJson } from '../output.ts'
import {
  fileSource,
  readManifest,
  ShareReader,
  ShareWriter,
  writeManifest,
} from '../share-folder.ts'

interface JsonOption {
  readonly json?: boolean
}

interface EncodeOptions extends PolicyOptions, JsonOption {
  readonly extra: string
}

/** `kith fountain encode`. Needs the memory of a block and its shares for each core, whatever the file. */
export async function encodeFile(
  path: string,
  folder: string,
  options: EncodeOptions,
): Promise<void> {
  const policy = policyOf(options)
  const extra = wholeNumber('--extra', options.extra) ?? 0
  const handedOut = policy.sourceSymbols + policy.repairSymbols + extra
  await using file = await open(path)
  await using pool = new BlockPool()
  const { size } = await file.stat()
  const shares = Math.max(2 * (policy.sourceSymbols + policy.repairSymbols), handedOut)
  const content = await createContent(fileSource(file, size), {
    policy,
    shares,
    pool,
    progress: progressOf('described'),
  })
  await mkdir(folder, { recursive: true })
  await using writer = new ShareWriter(folder)
  const ids = Array.from({ length: handedOut }, (_, share) => share)
  for await (const symbol of content.symbols(ids, { progress: progressOf('written') })) {
    await writer.write(symbol)
  }
  await writeManifest(folder, content.manifest)
  const { transfer } = content.manifest
  const needed = policy.sourceSymbols
  if (options.json === true) {
    printJson({ id: toHex(content.id), bytes: size, shares: handedOut, needed, transfer, policy })
    return
  }
  print(toHex(content.id))
  note(
    `${handedOut} shares of ${transfer.sourceBlocks} x ${transfer.symbolBytes} bytes in ${folder}; any ${needed} bring it back.`,
  )
}

/** `kith fountain decode`. Needs the memory of a block. */
export async function decodeFolder(
  folder: string,
  path: string,
  options: JsonOption & { readonly id?: string },
): Promise<void> {
  const manifest = await readManifest(folder)
  const id = toHex(contentIdOf(manifest))
  if (options.id !== undefined && options.id.toLowerCase() !== id) {
    throw new CodedError<CliFault>(
      { code: 'cli/content', path: folder },
      `${folder} holds another content: ${id}.`,
    )
  }
  await using reader = await ShareReader.open(folder)
  // Under its name there is only ever the whole file.
  const unfinished = `${path}.part`
  try {
    const bad = await decodeTo(unfinished, folder, manifest, reader)
    await rename(unfinished, path)
    if (options.json === true) printJson({ id, bytes: manifest.transfer.transferBytes, bad })
    else if (bad > 0) note(`${bad} symbols were damaged or of another content, and left out.`)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** Block by block, with as many shares as it takes. Gives how many symbols were bad. */
async function decodeTo(
  path: string,
  folder: string,
  manifest: Manifest,
  reader: ShareReader,
): Promise<number> {
  const { transfer } = manifest
  const made = createContentDecoder(manifest, { maxBytes: transfer.transferBytes })
  if (!made.ok) throw new CodedError(made.fault, 'The content is too long.')
  const { object } = made.value
  const progress = progressOf('decoded')
  await using file = await open(path, 'w')
  let bad = 0
  for (let block = 0; block < transfer.sourceBlocks; block++) {
    for (let place = 0; place < reader.shares; place++) {
      const symbol = await reader.next(place)
      // What comes after enough is read on, so that all shares stay side by side.
      const isWanted = symbol !== undefined && object.block(block)?.complete !== true
      if (isWanted && !made.value.add(symbol).ok) bad++
    }
    const bytes = object.blockBytes(block)
    if (bytes === undefined)
      throw tooFew(folder, object.block(block)?.missing ?? manifest.policy.sourceSymbols)
    await file.write(bytes, 0, bytes.length, blockSpan(transfer, block).start)
    object.release(block)
    progress(block + 1, transfer.sourceBlocks)
  }
  return bad
}

function tooFew(folder: string, missing: number): CodedError<CliFault> {
  return new CodedError<CliFault>(
    { code: 'cli/too-few-shares', path: folder, missing },
    `There are too few good shares in ${folder}: ${Math.max(1, missing)} more at the least.`,
  )
}

/** `kith fountain inspect`. */
export async function inspectFolder(folder: string, options: JsonOption): Promise<void> {
  const manifest = await readManifest(folder)
  const { transfer, policy } = manifest
  await using reader = await ShareReader.open(folder)
  let bad = 0
  const good: number[] = []
  for (let place = 0; place < reader.shares; place++) {
    const checked = await checkShare(place, manifest, reader)
    bad += checked.bad
    good.push(checked.good)
  }
  const whole = good.filter((symbols) => symbols === transfer.sourceBlocks).length
  const found = {
    id: toHex(contentIdOf(manifest)),
    bytes: transfer.transferBytes,
    blocks: transfer.sourceBlocks,
    symbolBytes: transfer.symbolBytes,
    ...policy,
    shares: reader.shares,
    wholeShares: whole,
    badSymbols: bad,
    sufficient: whole >= policy.sourceSymbols,
  }
  if (options.json === true) printJson(found)
  else for (const [name, value] of Object.entries(found)) print(`${name.padEnd(18)}${value}`)
}

async function checkShare(
  place: number,
  manifest: Manifest,
  reader: ShareReader,
): Promise<{ readonly good: number; readonly bad: number }> {
  const seen = new Set<number>()
  for (let count = 0; count < manifest.transfer.sourceBlocks; count++) {
    const symbol = await reader.next(place)
    if (symbol !== undefined && checkContentSymbol(symbol, manifest).ok) seen.add(symbol.id.block)
  }
  return { good: seen.size, bad: manifest.transfer.sourceBlocks - seen.size }
}

/** Tells a person how far it is, on a terminal. */
function progressOf(done: string): (blocks: number, of: number) => void {
  return (blocks, of) => {
    if (!process.stderr.isTTY) return
    const percent = Math.floor((100 * blocks) / of)
    process.stderr.write(`\r${done} ${percent} %${blocks === of ? '\n' : ''}`)
  }
}
