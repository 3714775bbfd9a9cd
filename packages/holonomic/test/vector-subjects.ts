import { defaultPolicy } from '@kithnet/fountain'
import {
  epochMs,
  type Fault,
  fail,
  fromHex,
  instant,
  ok,
  type Result,
  toHex,
} from '@kithnet/kernel'
import {
  admitNewcomer,
  type Capacity,
  Census,
  checkpointId,
  type Consent,
  consentOf,
  decodeCapacity,
  decodeCheckpoint,
  decodeConsent,
  decodeCosignature,
  decodeGrant,
  decodeHolding,
  decodePledge,
  decodePossession,
  decodePublication,
  decodeRevocation,
  decodeSnapshot,
  encodeCapacity,
  encodeCheckpoint,
  encodeConsent,
  encodeCosignature,
  encodeGrant,
  encodeHolding,
  encodePledge,
  encodePossession,
  encodePublication,
  encodeRevocation,
  encodeSnapshot,
  type Grant,
  LogTree,
  planLeavers,
  planRepairs,
  possessionProof,
  provesConsistency,
  provesInclusion,
  readForkProof,
  type Revocation,
  setRoot,
  type Snapshot,
  streamTree,
  verifyWitnessBundle,
} from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import type { RunCase } from '@kithnet/testkit/suite'
import type { NetworkId, PeerId, Verified } from '@kithnet/types'
import { decodeContentMessage, encodeContentMessage } from '../src/content/content-messages.ts'
import {
  decodeExchangeMessage,
  decodeParcel,
  encodeExchangeMessage,
  encodeParcel,
} from '../src/statements/exchange-messages.ts'
import { decodeWitnessMessage, encodeWitnessMessage } from '../src/witness/witness-messages.ts'

/** A value as JSON has it: bytes in hexadecimal, 64-bit numbers as text. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (typeof value === 'bigint') return `${value}`
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return [...value].map(plain)
  if (value instanceof Set) return [...value].map(plain)
  if (typeof value !== 'object' || value === null) return value
  const present = Object.entries(value).filter(([, part]) => part !== undefined)
  return Object.fromEntries(present.map(([key, part]) => [key, plain(part)]))
}

/** A kind of bytes: how they are read, and written again. */
interface Format<T> {
  readonly read: (bytes: Uint8Array) => Result<T>
  readonly write: (value: T) => Uint8Array
}

/** Each format with the types of both sides bound to each other. */
function format<T>(read: Format<T>['read'], write: Format<T>['write']): RunCase {
  return (input) => {
    const bytes = bytesOf(input)
    const value = read(bytes)
    if (!value.ok) return why(value.fault)
    if (toHex(write(value.value)) !== toHex(bytes)) return fail({ code: 'vector/not-canonical' })
    return ok(plain(value.value))
  }
}

const statements: Readonly<Record<string, RunCase>> = {
  checkpoint: format(decodeCheckpoint, encodeCheckpoint),
  cosignature: format(decodeCosignature, encodeCosignature),
  grant: format(decodeGrant, encodeGrant),
  revocation: format(decodeRevocation, encodeRevocation),
  capacity: format(decodeCapacity, encodeCapacity),
  snapshot: format(decodeSnapshot, encodeSnapshot),
  holding: format(decodeHolding, encodeHolding),
  consent: format(decodeConsent, encodeConsent),
  publication: format(decodePublication, encodePublication),
  pledge: format(decodePledge, encodePledge),
  possession: format(decodePossession, encodePossession),
}

const exchange: Readonly<Record<string, RunCase>> = {
  message: format(decodeExchangeMessage, encodeExchangeMessage),
  parcel: format(decodeParcel, encodeParcel),
}

const contents = format(decodeContentMessage, encodeContentMessage)

const preimages: Readonly<Record<string, RunCase>> = {
  witness: format(ciris.readWitness, ciris.witnessPreimage),
  claim: format(ciris.readClaim, ciris.claimPreimage),
  'holding-claim': format(ciris.readHoldingClaim, ciris.holdingPreimage),
  'compress-request': format(ciris.readCompressRequest, ciris.compressPreimage),
  'aggregation-meta': format(ciris.readAggregationMeta, ciris.aggregationPreimage),
  'storage-budget': format(ciris.readStorageBudget, ciris.storageBudgetPreimage),
  'corpus-want': format(ciris.readCorpusWant, ciris.corpusWantPreimage),
}

/** Bodies of what is signed here: `{ kind, bytes }`. */
export const runStatement: RunCase = (input, named) => statements[kindOf(input)]!(input, named)

/** What peers say of their statements, and what is broadcast: `{ kind: 'message' | 'parcel', bytes }`. */
export const runExchange: RunCase = (input, named) => exchange[kindOf(input)]!(input, named)

/** What peers say about contents: `{ bytes }`. */
export const runContents: RunCase = (input, named) => contents(input, named)

/** The ancestor's preimages: `{ kind, bytes }`. */
export const runPreimage: RunCase = (input, named) => preimages[kindOf(input)]!(input, named)

/** Roots of lists and sets, and claims about them. */
export const runTree: RunCase = (input) => {
  const { op, leaves, leaf, root, proof, index, size, oldRoot, oldSize } = input as {
    readonly op: string
    readonly leaves: readonly string[]
    readonly leaf: string
    readonly root: string
    readonly oldRoot: string
    readonly proof: readonly string[]
    readonly index: number
    readonly size: number
    readonly oldSize: number
  }
  const hashes = (proof ?? []).map(hex)
  switch (op) {
    case 'list':
      return ok(toHex(new LogTree(leaves.map(hex)).root()))
    case 'set':
      return ok(plain(setRoot(leaves.map(hex))))
    case 'inclusion':
      return proven(provesInclusion(hex(leaf), index, size, hashes, hex(root)))
    default:
      return proven(provesConsistency(oldSize, size, hex(oldRoot), hex(root), hashes))
  }
}

/** Proofs that a peer has two states at once. */
export const runFork: RunCase = (input) => {
  const read = readForkProof(bytesOf(input))
  if (!read.ok) return why(read.fault)
  const { id, one } = read.value
  return ok({ id, peer: one.peer, epoch: one.epoch })
}

/** Chains of grants, whose signatures somebody else has checked. */
export const runAdmission: RunCase = (input) => {
  const asked = input as {
    readonly network: NetworkId
    readonly newcomer: PeerId
    readonly roots: readonly PeerId[]
    readonly chain: readonly string[]
    readonly revocations: readonly string[]
    readonly now: number
  }
  const admitted = admitNewcomer({
    ...asked,
    kind: 'serve',
    chain: asked.chain.map((body) => checked<Grant>(decodeGrant(hex(body)))),
    revocations: asked.revocations.map((body) => checked<Revocation>(decodeRevocation(hex(body)))),
    now: epochMs(asked.now),
  })
  return admitted.ok ? admitted : why(admitted.fault)
}

/** Snapshots with the capacities that they name. */
export const runStreamTree: RunCase = (input) => {
  const { snapshot, capacities } = input as {
    readonly snapshot: string
    readonly capacities: readonly string[]
  }
  const tree = streamTree(
    checked<Snapshot>(decodeSnapshot(hex(snapshot))),
    capacities.map((body) => checked<Capacity>(decodeCapacity(hex(body)))),
  )
  return tree.ok ? ok(plain(tree.value)) : why(tree.fault)
}

/** Who leaves, what is made anew, what proves possession, what a consent allows. */
export const runRetention: RunCase = (input) => {
  const one = input as {
    readonly op: string
    readonly content: string
    readonly held: readonly (readonly [PeerId, readonly number[]])[]
    readonly makers: readonly PeerId[]
    readonly keepers: readonly PeerId[]
    readonly challenge: string
    readonly challenger: PeerId
    readonly holder: PeerId
    readonly symbol: string
    readonly about: Pick<Consent, 'network' | 'author' | 'content'>
    readonly consents: readonly string[]
    readonly now: number
  }
  const census = new Census()
  for (const [peer, shares] of one.held ?? []) {
    for (const share of shares) census.proven(peer, share, instant(1))
  }
  const view = census.view(instant(0))
  switch (one.op) {
    case 'leavers':
      return ok(plain(planLeavers(one.content, view)))
    case 'repairs': {
      const manifest = { policy: defaultPolicy, shares: 52 }
      return ok(planRepairs(one.content, view, manifest, one.makers, one.keepers))
    }
    case 'possession': {
      const challenge = decodePossession(hex(one.challenge))
      if (!challenge.ok) return why(challenge.fault)
      if (challenge.value.type !== 'challenge') return fail({ code: 'vector/no-challenge' })
      return ok(toHex(possessionProof(challenge.value, one, hex(one.symbol))))
    }
    default: {
      const consents = one.consents.map((body) => checked<Consent>(decodeConsent(hex(body))))
      const status = consentOf(one.about, consents, epochMs(one.now))
      return status.isActive ? ok(status) : fail({ code: `vector/${status.state}` })
    }
  }
}

/** The fault with its reason, so that a case cannot be refused for another one. */
function why(fault: Fault & { readonly why?: string; readonly field?: string }): Result<never> {
  const reason = fault.why ?? fault.field
  return fail({ code: reason === undefined ? fault.code : `${fault.code} ${reason}` })
}

function proven(holds: boolean): Result<true> {
  return holds ? ok(true) : fail({ code: 'vector/not-proven' })
}

/** These vectors are about rules; signatures have their own. */
function checked<T>(read: Result<T>): Verified<T> {
  if (!read.ok) throw new Error(read.fault.code)
  return read.value as Verified<T>
}

function kindOf(input: unknown): string {
  return (input as { readonly kind: string }).kind
}

function bytesOf(input: unknown): Uint8Array<ArrayBuffer> {
  return hex((input as { readonly bytes: string }).bytes)
}

function hex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${text.slice(0, 20)}`)
  return bytes
}

const witnessing: Readonly<Record<string, RunCase>> = {
  message: (input) => {
    const bytes = bytesOf(input)
    const read = decodeWitnessMessage(bytes)
    if (!read.ok) return why(read.fault)
    const isSame = toHex(encodeWitnessMessage(read.value)) === toHex(bytes)
    return isSame ? ok({ type: read.value.type }) : fail({ code: 'vector/not-canonical' })
  },
  bundle: (input) => {
    const { appointed, threshold } = input as {
      readonly appointed: readonly PeerId[]
      readonly threshold: number
    }
    const verified = verifyWitnessBundle(bytesOf(input), { appointed, threshold })
    if (!verified.ok) return why(verified.fault)
    const { checkpoint, state, cosigners } = verified.value
    return ok(plain({ checkpoint: checkpointId(checkpoint), state, cosigners }))
  },
}

/** Messages of owners and witnesses, and what they can show. */
export const runWitness: RunCase = (input, named) => witnessing[kindOf(input)]!(input, named)
