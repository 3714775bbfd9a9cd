import type { Instant } from '@kithnet/kernel'
import { equalBytes } from '@kithnet/kernel'
import { fragmentBytes, hash, type MessageId, type PeerId } from '@kithnet/types'
import type { TrustedBatch } from './batch-book.ts'
import { type IdPrefix, prefixOf } from './id-prefix.ts'
import type { EagerMessage, FragmentMessage, ManifestMessage } from './messages.ts'

/** How a message in pieces travels on while it comes: from the moment at which its batch is verified. */
export interface Stream {
  readonly trusted: TrustedBatch
  /** It came through history, and is not pushed on. */
  readonly late: boolean
  /** Who sends the pieces; `undefined` when that link is lost. */
  parent: PeerId | undefined
  /** Everybody who pushed it unasked. */
  readonly pushers: PeerId[]
  /** To whom each piece goes as it comes. */
  readonly children: Set<PeerId>
  /** Who was to send the pieces so far, the parent last. */
  readonly tried: PeerId[]
  /** The parent was asked for them. */
  pulled: boolean
}

/** A message above one fragment on its way in. The id covers the leaves, so pieces may come from anybody. */
export interface Assembly {
  readonly id: MessageId
  readonly manifest: ManifestMessage
  readonly pieces: (FragmentMessage | undefined)[]
  /** Who has it, or will. */
  readonly sources: PeerId[]
  /** Who delivered the manifest first, and is charged. */
  readonly owner: PeerId
  have: number
  /** Bytes on the account of unverified work. */
  charged: number
  touchedAt: Instant
  /** Longest pause between two pieces so far; `undefined` before the second. */
  gapMs: number | undefined
  stream: Stream | undefined
}

/** What a fragment led to. */
export type PieceOutcome = 'taken' | 'repeated' | 'wrong'

/** Messages that are being put together, bounded in all and per link. */
export class Assemblies {
  readonly #byPrefix = new Map<IdPrefix, Assembly>()
  readonly #bytesByOwner = new Map<PeerId, number>()
  readonly #maxBytes: number
  readonly #maxPerLink: number
  #bytes = 0

  /** `maxBytes` of declared length at most, `maxPerLink` of it on account of one link. */
  constructor(maxBytes: number, maxPerLink: number) {
    this.#maxBytes = maxBytes
    this.#maxPerLink = maxPerLink
  }

  get size(): number {
    return this.#byPrefix.size
  }

  /** Oldest first. */
  get all(): Iterable<Assembly> {
    return this.#byPrefix.values()
  }

  get(id: MessageId): Assembly | undefined {
    const assembly = this.#byPrefix.get(prefixOf(id))
    return assembly?.id === id ? assembly : undefined
  }

  byPrefix(prefix: IdPrefix): Assembly | undefined {
    return this.#byPrefix.get(prefix)
  }

  /** Begins one that is not here; `undefined` when there is no room. */
  open(id: MessageId, manifest: ManifestMessage, from: PeerId, now: Instant): Assembly | undefined {
    const prefix = prefixOf(id)
    const owned = (this.#bytesByOwner.get(from) ?? 0) + manifest.length
    if (this.#byPrefix.has(prefix) || owned > this.#maxPerLink) return undefined
    if (this.#bytes + manifest.length > this.#maxBytes) return undefined
    this.#bytes += manifest.length
    this.#bytesByOwner.set(from, owned)
    const assembly: Assembly = {
      id,
      manifest,
      pieces: manifest.leaves.map(() => undefined),
      sources: [from],
      owner: from,
      have: 0,
      charged: 0,
      touchedAt: now,
      gapMs: undefined,
      stream: undefined,
    }
    this.#byPrefix.set(prefix, assembly)
    return assembly
  }

  delete(assembly: Assembly): void {
    if (!this.#byPrefix.delete(prefixOf(assembly.id))) return
    const { owner, manifest } = assembly
    this.#bytes -= manifest.length
    const owned = this.#bytesByOwner.get(owner)! - manifest.length
    if (owned > 0) this.#bytesByOwner.set(owner, owned)
    else this.#bytesByOwner.delete(owner)
  }
}

/** Takes a piece that is what the leaf says. */
export function addPiece(assembly: Assembly, piece: FragmentMessage, now: Instant): PieceOutcome {
  const { index, bytes } = piece
  const leaf = assembly.manifest.leaves[index]
  if (leaf === undefined || bytes.length !== pieceLength(assembly.manifest, index)) return 'wrong'
  if (assembly.pieces[index] !== undefined) return 'repeated'
  if (!equalBytes(hash('fragment', bytes), leaf)) return 'wrong'
  if (assembly.have > 0) {
    assembly.gapMs = Math.max(assembly.gapMs ?? 0, now - assembly.touchedAt)
  }
  assembly.pieces[index] = piece
  assembly.have++
  assembly.touchedAt = now
  return 'taken'
}

/** The indexes of the pieces that are not here. */
export function missingPieces({ pieces }: Assembly): number[] {
  return [...pieces.keys()].filter((index) => pieces[index] === undefined)
}

/** The whole message, once every piece is here. */
export function wholeOf({ manifest, pieces, have }: Assembly): EagerMessage | undefined {
  if (have < pieces.length) return undefined
  const { topic, author, stream, seq, length } = manifest
  const payload = new Uint8Array(length)
  for (const [index, piece] of pieces.entries()) payload.set(piece!.bytes, index * fragmentBytes)
  return { type: 'eager', topic, author, stream, seq, payload }
}

/** The content root of a manifest: what its message's id covers. */
export function contentOfManifest(manifest: ManifestMessage): Uint8Array {
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(manifest.length))
  return hash('content', length, ...manifest.leaves)
}

function pieceLength(manifest: ManifestMessage, index: number): number {
  const last = manifest.leaves.length - 1
  return index < last ? fragmentBytes : manifest.length - last * fragmentBytes
}
