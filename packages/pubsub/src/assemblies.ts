import type { Instant } from '@kithnet/kernel'
import { equalBytes } from '@kithnet/kernel'
import { fragmentBytes, hash, type MessageId, type PeerId } from '@kithnet/types'
import type { EagerMessage, FragmentMessage, ManifestMessage } from './messages.ts'
import { addSource } from './pending.ts'

/** A message above one fragment on its way in. The id covers the leaves, so pieces may come from anybody. */
export interface Assembly {
  readonly id: MessageId
  readonly manifest: ManifestMessage
  readonly pieces: (Uint8Array | undefined)[]
  /** Who delivered the manifest, first the one that is charged. */
  readonly sources: PeerId[]
  readonly owner: PeerId
  have: number
  /** Bytes on the account of unverified work. */
  charged: number
  touchedAt: Instant
}

/** What a fragment led to. */
export type PieceOutcome = 'taken' | 'unknown' | 'repeated' | 'wrong'

/** Messages that are being put together, bounded in all. */
export class Assemblies {
  readonly byId: Map<MessageId, Assembly> = new Map()
  readonly #maxBytes: number
  #bytes = 0

  /** `maxBytes` of declared length at most. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Begins one, or adds a deliverer; `undefined` when there is no room. */
  open(id: MessageId, manifest: ManifestMessage, from: PeerId, now: Instant): Assembly | undefined {
    const known = this.byId.get(id)
    if (known !== undefined) {
      addSource(known.sources, from)
      known.touchedAt = now
      return known
    }
    if (this.#bytes + manifest.length > this.#maxBytes) return undefined
    this.#bytes += manifest.length
    const pieces = manifest.leaves.map(() => undefined)
    const assembly: Assembly = {
      id,
      manifest,
      pieces,
      sources: [from],
      owner: from,
      have: 0,
      charged: 0,
      touchedAt: now,
    }
    this.byId.set(id, assembly)
    return assembly
  }

  /** Takes a piece that is what the leaf says. */
  add({ id, index, bytes }: FragmentMessage, now: Instant): PieceOutcome {
    const assembly = this.byId.get(id)
    if (assembly === undefined) return 'unknown'
    const leaf = assembly.manifest.leaves[index]
    if (leaf === undefined || bytes.length !== pieceLength(assembly.manifest, index)) return 'wrong'
    if (assembly.pieces[index] !== undefined) return 'repeated'
    if (!equalBytes(hash('fragment', bytes), leaf)) return 'wrong'
    assembly.pieces[index] = bytes
    assembly.have++
    assembly.touchedAt = now
    return 'taken'
  }

  /** The whole message, once every piece is here. */
  whole(assembly: Assembly): EagerMessage | undefined {
    if (assembly.have < assembly.pieces.length) return undefined
    const { topic, author, stream, seq, length } = assembly.manifest
    const payload = new Uint8Array(length)
    for (const [index, piece] of assembly.pieces.entries())
      payload.set(piece!, index * fragmentBytes)
    return { type: 'eager', topic, author, stream, seq, payload }
  }

  delete(assembly: Assembly): void {
    if (this.byId.delete(assembly.id)) this.#bytes -= assembly.manifest.length
  }
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
