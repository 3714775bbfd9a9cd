import { contentIdOf, decodeManifest, type Manifest, maxManifestBytes } from '@kithnet/fountain'
import type { SignedKind } from '@kithnet/identity'
import { type Bytes, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  idBytes,
  idToBytes,
  isBytes,
  isBytesUpTo,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { PublicationFault } from '../faults.ts'
import { readStatement, type StatementShape, writeStatement } from '../statement.ts'

/** An author says that a content is its own, and how it is cut and kept. It allows nothing: that is what a consent does. */
export interface Publication {
  readonly network: NetworkId
  readonly author: PeerId
  /** What the manifest is called: 64 hex digits. */
  readonly content: string
  readonly manifest: Manifest
  /** The exact bytes of the manifest. */
  readonly manifestBytes: Bytes
}

const shape: StatementShape = {
  name: 'publication',
  version: 2,
  fields: 3,
  limits: { maxBytes: 80 + maxManifestBytes, maxDepth: 1, maxItems: 5 },
}

/** Publications, signed by the author. */
export const publicationKind: SignedKind<Publication, PublicationFault> = {
  domain: 'publication',
  decode: decodePublication,
  subject: ({ author }) => author,
}

/** The exact bytes that are signed. */
export function encodePublication({
  network,
  author,
  manifestBytes,
}: Pick<Publication, 'network' | 'author' | 'manifestBytes'>): Bytes {
  const fields = [idToBytes(network), idToBytes(author), manifestBytes]
  return writeStatement(shape, fields, decodePublication)
}

/** The publication of a body. Says nothing about the signature. */
export function decodePublication(body: Uint8Array): Result<Publication, PublicationFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [network, author, bytes] = read.value
  if (!isBytes(network, idBytes)) return badShape('publication.network')
  if (!isBytes(author, idBytes)) return badShape('publication.author')
  if (!isBytesUpTo(bytes, maxManifestBytes)) return badShape('publication.manifest')
  const manifest = decodeManifest(bytes)
  if (!manifest.ok) return manifest
  return ok({
    network: networkIdFromBytes(network),
    author: peerIdFromBytes(author),
    content: toHex(contentIdOf(manifest.value)),
    manifest: manifest.value,
    manifestBytes: Uint8Array.from(bytes),
  })
}
