import { readFileSync, statSync } from 'node:fs'
import { CodedError, toHex } from '@kithnet/kernel'
import type { PeerId } from 'kithnet'
import { maxBundleBytes, verifyWitnessBundle } from 'kithnet/holonomic'
import { parsePeerId } from 'kithnet/types'
import { usage } from '../faults.ts'
import { print, printJson } from '../output.ts'
import { momentText, wholeWithin } from '../quantities.ts'

interface VerifyOptions {
  readonly cosigner?: readonly string[]
  readonly least?: string
  readonly json?: boolean
}

/** `kith witness verify`. Needs no node. Who cosigned is said; whether that is enough is for whoever named the cosigners. */
export function verifyProof(path: string, options: VerifyOptions): void {
  const appointed = (options.cosigner ?? []).map(cosignerOf)
  const threshold =
    options.least === undefined
      ? appointed.length
      : wholeWithin(options.least, '--least', 0, appointed.length)
  const verified = verifyWitnessBundle(readBundle(path), { appointed, threshold })
  if (!verified.ok) throw notWitnessed(path, verified.fault)
  const { checkpoint, state, cosigners } = verified.value
  if (options.json === true) {
    printJson({
      holds: true,
      peer: checkpoint.peer,
      network: checkpoint.network,
      namespaces: checkpoint.namespaces,
      epoch: state.epoch,
      members: state.stateSize,
      stateRoot: toHex(state.stateRoot),
      at: state.at,
      checkpointEpoch: checkpoint.epoch,
      logRoot: toHex(checkpoint.logRoot),
      cosigners,
    })
    return
  }
  print('It holds.')
  print(`peer       ${checkpoint.peer}`)
  print(`of         ${checkpoint.namespaces.join(', ')}`)
  print(`state      ${state.epoch} of ${checkpoint.epoch} in its log`)
  print(`members    ${state.stateSize}`)
  print(`root       ${toHex(state.stateRoot)}`)
  print(`at         ${momentText(state.at)}`)
  print(`cosigned   by ${cosigners.length}`)
  for (const one of cosigners) print(`           ${one}`)
}

function readBundle(path: string): Uint8Array {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) throw usage('file', `There is no file ${path}.`)
  if (size > maxBundleBytes) throw notWitnessed(path, { code: 'types/cbor-too-long' })
  return new Uint8Array(readFileSync(path))
}

function cosignerOf(text: string): PeerId {
  const peer = parsePeerId(text)
  if (peer !== undefined) return peer
  throw usage('--cosigner', `"${text}" is not the id of a peer: give all of its 64 hex digits.`)
}

type BundleDefect = Extract<ReturnType<typeof verifyWitnessBundle>, { readonly ok: false }>['fault']

function notWitnessed(
  path: string,
  fault: BundleDefect | { readonly code: 'types/cbor-too-long' },
): CodedError {
  if (fault.code !== 'holonomic/not-witnessed') {
    return new CodedError(fault, `${path} is no proof of a state.`)
  }
  return new CodedError(fault, sentences[fault.why])
}

const sentences = {
  signature: 'It does not hold: a signature in it is not of whom it names.',
  cosignature: 'It does not hold: a cosignature in it is of something else, or comes twice.',
  inclusion: 'It does not hold: the state that it shows is not in the log that was signed.',
  few: 'Its signatures hold, but too few of the cosigners that you named have signed.',
} as const
