import {
  CodedError,
  type Effect,
  equalBytes,
  type Fired,
  type Machine,
  ok,
  type Persisted,
  type Result,
} from '@kithnet/kernel'
import {
  badShape,
  decodeCbor,
  encodeCbor,
  isBytes,
  isBytesUpTo,
  isTuple,
  type PeerId,
  publicKeyBytes,
  type Signed,
  signatureBytes,
  type Verified,
} from '@kithnet/types'
import type { BodyFault, CosignFault } from '../faults.ts'
import { statementId } from '../statement.ts'
import { type Checkpoint, decodeCheckpoint, logIdOf } from './checkpoint.ts'
import { checkpointId, type Cosignature } from './cosignature.ts'
import { isFork } from './fork-proof.ts'
import { provesConsistency } from './log-tree.ts'

/** A checkpoint is put to a witness. */
export interface Offered {
  readonly type: 'offered'
  readonly from: PeerId
  readonly checkpoint: Verified<Checkpoint>
  /** The very bytes that were verified, and the key. */
  readonly signed: Signed
  readonly publicKey: Uint8Array
  /** Of the log, from the epoch that the witness knows; empty when it knows none. */
  readonly proof: readonly Uint8Array[]
  /** The body of the checkpoint where the proof starts, for a witness that knows no more than its name. */
  readonly basis?: Uint8Array
}

/** A signature of the witness's own comes back from others, as after its disk was restored from a backup. */
export interface Recalled {
  readonly type: 'recalled'
  readonly cosignature: Verified<Cosignature>
}

/** What was to be kept could not be. */
export interface Unpersisted {
  readonly type: 'unpersisted'
  readonly key: string
}

/** What a witness decided. */
export type CosignerOutput =
  /** Sign it: it goes on from all that was signed before, and that is on disk. */
  | { readonly type: 'cosign'; readonly checkpoint: Verified<Checkpoint>; readonly to: PeerId }
  | { readonly type: 'refuse'; readonly fault: CosignFault; readonly to: PeerId }
  /** Two checkpoints that exclude each other: `encodeForkProof` makes evidence of them. */
  | {
      readonly type: 'fork'
      readonly publicKey: Uint8Array
      readonly one: Signed
      readonly other: Signed
    }

/** The last checkpoint of a log that a witness has signed, or is about to. */
export interface CosignedHead {
  readonly publicKey: Uint8Array
  readonly signed: Signed
}

interface Head extends CosignedHead {
  readonly checkpoint: Checkpoint
}

/** What was signed, by its name alone. */
type Floor = Pick<Cosignature, 'epoch' | 'checkpoint'>

interface Waiting {
  readonly checkpoint: Verified<Checkpoint>
  readonly to: PeerId
}

/** Most logs that a witness follows. Heads are never forgotten, for a forgotten one could be rolled back. Source: our choice: some 9 KB each. */
const maxLogs = 4_096

type CosignerEffect = Effect<PeerId, never, string, CosignerOutput>

/**
 * A witness that never signs two checkpoints of one log that exclude each other: each has to prove that it goes on from
 * the last, and nothing is signed before it is on disk. What it knows of a log at first it takes on trust. After its disk
 * was restored from a backup it has to be told what it had signed since (`recalled`) before anything is offered to it;
 * others keep its signatures, which are told again after each start.
 */
export class Cosigner implements Machine<
  Offered | Recalled | Persisted | Unpersisted,
  PeerId,
  never,
  string,
  CosignerOutput
> {
  readonly #self: PeerId
  readonly #headsByLog = new Map<string, Head>()
  readonly #waitingByLog = new Map<string, Waiting>()
  /** Heads that the disk would not take: they are not signed before it has them. */
  readonly #unwritten = new Set<string>()
  /** Signatures that came back and are not below the head. */
  readonly #floorsByLog = new Map<string, Floor>()
  readonly #maxLogs: number

  /** `kept` are the values that were persisted, by their keys. @throws when one is not what this wrote. */
  constructor(
    self: PeerId,
    kept: Iterable<readonly [string, Uint8Array]> = [],
    most: number = maxLogs,
  ) {
    this.#self = self
    this.#maxLogs = most
    for (const [log, value] of kept) {
      const head = readHead(value)
      if (!head.ok) throw new CodedError(head.fault, 'A kept head is damaged: restore the store.')
      this.#headsByLog.set(log, head.value)
    }
  }

  /** The last checkpoint of a log, by `logIdOf`. */
  head(log: string): CosignedHead | undefined {
    return this.#headsByLog.get(log)
  }

  /** The highest epoch of a log that it has signed, as far as it knows; 0 for none. */
  knownEpoch(log: string): number {
    const head = this.#headsByLog.get(log)?.checkpoint.epoch ?? 0
    return Math.max(head, this.#floorsByLog.get(log)?.epoch ?? 0)
  }

  on(
    event: Offered | Recalled | Persisted | Unpersisted | Fired<string>,
  ): readonly CosignerEffect[] {
    switch (event.type) {
      case 'offered':
        return this.#offered(event)
      case 'recalled':
        return this.#recalled(event)
      case 'persisted':
        return this.#persisted(event.key)
      case 'unpersisted':
        this.#waitingByLog.delete(event.key)
        this.#unwritten.add(event.key)
        return []
      case 'fired':
        return []
    }
  }

  #offered(event: Offered): readonly CosignerEffect[] {
    const { checkpoint, signed, publicKey, from: to } = event
    const log = logIdOf(checkpoint)
    const known = this.#headsByLog.get(log)
    const fault = this.#fault(event, known, log)
    if (fault !== undefined) {
      const refusal = { type: 'emit', output: { type: 'refuse', fault, to } } as const
      const isShown = known !== undefined && isFork(known.checkpoint, checkpoint)
      if (fault.why !== 'fork' || !isShown) return [refusal]
      const fork = { type: 'fork', publicKey, one: known.signed, other: signed } as const
      return [refusal, { type: 'emit', output: fork }]
    }
    const isHead = known?.checkpoint.epoch === checkpoint.epoch
    if (isHead && !this.#unwritten.has(log)) {
      return [{ type: 'emit', output: { type: 'cosign', checkpoint, to } }]
    }
    this.#floorsByLog.delete(log)
    this.#headsByLog.set(log, { checkpoint, signed, publicKey })
    this.#waitingByLog.set(log, { checkpoint, to })
    return [{ type: 'persist', key: log, value: writeHead({ publicKey, signed }) }]
  }

  #fault(event: Offered, known: Head | undefined, log: string): CosignFault | undefined {
    const { checkpoint, proof, signed } = event
    const floor = this.#floorsByLog.get(log)
    if (floor !== undefined) return this.#faultAbove(event, floor, known, log)
    const fault = (why: CosignFault['why']): CosignFault => refusalOf(why, known?.checkpoint.epoch)
    if (known === undefined)
      return this.#headsByLog.size < this.#maxLogs ? undefined : fault('full')
    const { epoch, logRoot } = known.checkpoint
    if (checkpoint.epoch < epoch) return fault('rollback')
    if (checkpoint.epoch === epoch && !equalBytes(signed.body, known.signed.body)) {
      return fault('fork')
    }
    if (this.#waitingByLog.has(log)) return fault('busy')
    if (checkpoint.epoch === epoch) return undefined
    return provesConsistency(epoch, checkpoint.epoch, logRoot, checkpoint.logRoot, proof)
      ? undefined
      : fault('inconsistent')
  }

  /** What was signed is known by its name: the owner has to show what it was. */
  #faultAbove(
    { checkpoint, signed, proof, basis }: Offered,
    floor: Floor,
    known: Head | undefined,
    log: string,
  ): CosignFault | undefined {
    const fault = (why: CosignFault['why']): CosignFault => refusalOf(why, floor.epoch)
    // Two of one epoch, and nobody knows which was signed first: nothing can go on from both.
    if (known?.checkpoint.epoch === floor.epoch) return fault('fork')
    if (checkpoint.epoch < floor.epoch) return fault('rollback')
    if (checkpoint.epoch === floor.epoch) {
      return statementId(signed.body) === floor.checkpoint ? undefined : fault('fork')
    }
    if (basis === undefined || statementId(basis) !== floor.checkpoint) return fault('inconsistent')
    const base = decodeCheckpoint(basis)
    const goesOn =
      base.ok &&
      logIdOf(base.value) === log &&
      provesConsistency(
        floor.epoch,
        checkpoint.epoch,
        base.value.logRoot,
        checkpoint.logRoot,
        proof,
      )
    return goesOn ? undefined : fault('inconsistent')
  }

  #recalled({ cosignature }: Recalled): readonly CosignerEffect[] {
    const { cosigner, log, epoch, checkpoint } = cosignature
    if (cosigner !== this.#self) return []
    const known = this.#headsByLog.get(log)
    if (known !== undefined && known.checkpoint.epoch > epoch) return []
    if (known?.checkpoint.epoch === epoch && checkpointId(known.checkpoint) === checkpoint)
      return []
    if (epoch < (this.#floorsByLog.get(log)?.epoch ?? 0)) return []
    this.#floorsByLog.set(log, { epoch, checkpoint })
    // Whatever is being kept was not measured against this one, so it is not signed.
    this.#waitingByLog.delete(log)
    return []
  }

  #persisted(log: string): readonly CosignerEffect[] {
    const waiting = this.#waitingByLog.get(log)
    this.#waitingByLog.delete(log)
    this.#unwritten.delete(log)
    return waiting === undefined ? [] : [{ type: 'emit', output: { type: 'cosign', ...waiting } }]
  }
}

function refusalOf(why: CosignFault['why'], knownEpoch = 0): CosignFault {
  return { code: 'holonomic/not-cosigned', why, knownEpoch }
}

const version = 2
/** A body of at most 3,400 bytes, a key, a signature and their heads. Source: sum of its parts. */
const maxHeadBytes = 8_800

function writeHead({ publicKey, signed }: CosignedHead): Uint8Array {
  return encodeCbor([version, publicKey, signed.body, signed.signature])
}

function readHead(value: Uint8Array): Result<Head, BodyFault> {
  const limits = { maxBytes: maxHeadBytes, maxDepth: 1, maxItems: 5 }
  const decoded = decodeCbor(Uint8Array.from(value), 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 4)) return badShape('head')
  const [kind, publicKey, body, signature] = decoded.value
  if (kind !== version) return badShape('head.version')
  if (!isBytes(publicKey, publicKeyBytes)) return badShape('head.publicKey')
  if (!isBytes(signature, signatureBytes)) return badShape('head.signature')
  if (!isBytesUpTo(body, maxHeadBytes)) return badShape('head.body')
  const checkpoint = decodeCheckpoint(body)
  if (!checkpoint.ok) return checkpoint
  return ok({ publicKey, signed: { body, signature }, checkpoint: checkpoint.value })
}
