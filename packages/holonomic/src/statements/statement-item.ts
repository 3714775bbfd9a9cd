import {
  type SignatureScheme,
  type SignedKind,
  verifySigned,
  verifySignedSync,
} from '@kithnet/identity'
import { fromHex, ok, type Result } from '@kithnet/kernel'
import { hashHex, type PeerId, type Signed } from '@kithnet/types'
import { readForkProof } from '../witness/fork-proof.ts'
import type { AnyHeld } from './held.ts'
import {
  type ClaimByKind,
  type KindRule,
  kindRules,
  signedKinds,
  type SignedStatementKind,
  type StatementKind,
  statementKinds,
} from './statement-kinds.ts'

/** A statement as it travels: of what kind, and the bytes. Of a fork proof the signature is empty. */
export interface StatementItem extends Signed {
  readonly kind: StatementKind
}

/** What an item says of itself, before its signature is checked. */
export interface Claimed<K extends StatementKind = StatementKind> {
  readonly item: StatementItem
  readonly kind: K
  readonly slot: string
  readonly id: string
  readonly signer: PeerId
  readonly claim: ClaimByKind[K]
}

/** The rule of a kind, for statements of any kind. */
export function ruleOf(kind: StatementKind): KindRule<ClaimByKind[StatementKind]> {
  return kindRules[kind] as KindRule<ClaimByKind[StatementKind]>
}

function signedKindOf(kind: SignedStatementKind): SignedKind<ClaimByKind[SignedStatementKind]> {
  return signedKinds[kind] as SignedKind<ClaimByKind[SignedStatementKind]>
}

/** What an item says: its form is right, and nothing else is known of it. */
export function readItem(item: StatementItem): Result<Claimed> {
  const { kind } = item
  const rule = ruleOf(kind)
  // Decoders copy what they keep; these bytes may be views into a frame.
  const read = rule.decode(item.body)
  if (!read.ok) return read
  const slot = rule.slot(read.value)
  const id = kind === 'fork' ? idOf(kind, fromHex(slot)!) : idOf(kind, item.body)
  return ok({ item, kind, slot, id, signer: rule.signer(read.value), claim: read.value })
}

/** The statement of an item, if its signer signed it. Costs a signature, of a fork proof two. `publicKey`: of the signer. */
export function verifyItemSync(
  claimed: Claimed,
  publicKey: Uint8Array,
  scheme?: SignatureScheme,
): Result<AnyHeld> {
  const { kind, item } = claimed
  const copy = copyOf(item)
  if (kind === 'fork') return heldFork(claimed, copy, scheme)
  const verified = verifySignedSync(signedKindOf(kind), copy, publicKey, scheme)
  return verified.ok ? ok(heldOf(claimed, copy, publicKey, verified.value)) : verified
}

/** The same off the event loop, where the host can. */
export async function verifyItem(
  claimed: Claimed,
  publicKey: Uint8Array,
): Promise<Result<AnyHeld>> {
  const { kind, item } = claimed
  const copy = copyOf(item)
  if (kind === 'fork') return heldFork(claimed, copy)
  const verified = await verifySigned(signedKindOf(kind), copy, publicKey)
  return verified.ok ? ok(heldOf(claimed, copy, publicKey, verified.value)) : verified
}

function heldFork(claimed: Claimed, copy: Signed, scheme?: SignatureScheme): Result<AnyHeld> {
  const proof = readForkProof(copy.body, scheme)
  if (!proof.ok) return proof
  const { publicKey } = claimed.claim as ClaimByKind['fork']
  return ok(heldOf(claimed, copy, publicKey, proof.value))
}

function heldOf(
  { kind, slot, id, signer }: Claimed,
  { body, signature }: Signed,
  publicKey: Uint8Array,
  statement: unknown,
): AnyHeld {
  return { kind, slot, id, signer, statement, body, signature, publicKey } as AnyHeld
}

function copyOf({ body, signature }: Signed): Signed {
  return { body: Uint8Array.from(body), signature: Uint8Array.from(signature) }
}

/** One kind cannot pass for another: its number is hashed. */
function idOf(kind: StatementKind, body: Uint8Array): string {
  return hashHex('item', Uint8Array.of(statementKinds.indexOf(kind)), body)
}
