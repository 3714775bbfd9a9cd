import { encodeManifest, transferInfo } from '@kithnet/fountain'
import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, seededRng } from '@kithnet/kernel'
import {
  type Consent,
  encodeConsent,
  encodeForkProof,
  encodeGrant,
  encodePledge,
  encodePublication,
  encodeRevocation,
  type Grant,
  type Held,
} from '@kithnet/holonomic'
import type { PeerId } from '@kithnet/types'
import type { AnyHeld } from '../src/statements/held.ts'
import { StatementBook, type BookBounds } from '../src/statements/statement-book.ts'
import { readItem, type StatementItem, verifyItemSync } from '../src/statements/statement-item.ts'
import type { SignedStatementKind } from '../src/statements/statement-kinds.ts'
import { signedKinds } from '../src/statements/statement-kinds.ts'
import { type Actor, contentOf, hourMs, network, noon, scheme } from './actors.ts'

/** Statements of actors as they travel and as books hold them. */
export function itemOf(by: Actor, kind: SignedStatementKind, body: Uint8Array): StatementItem {
  const signed = signedKinds[kind] as SignedKind<unknown>
  return { kind, ...by.sign(signed, body) }
}

export function heldOf<K extends SignedStatementKind>(
  by: Actor,
  kind: K,
  body: Uint8Array,
): Held<K> {
  return verified(itemOf(by, kind, body), by.publicKey) as unknown as Held<K>
}

export function verified(item: StatementItem, publicKey: Uint8Array): AnyHeld {
  const claimed = readItem(item)
  if (!claimed.ok) throw new Error(claimed.fault.code)
  const held = verifyItemSync(claimed.value, publicKey, scheme)
  if (!held.ok) throw new Error(held.fault.code)
  return held.value
}

/** The proof that two checkpoints of an actor make. */
export function heldFork(by: Actor, a: Held<'checkpoint'>, b: Held<'checkpoint'>): Held<'fork'> {
  const body = encodeForkProof(by.publicKey, a, b)
  return verified(
    { kind: 'fork', body, signature: new Uint8Array(0) },
    by.publicKey,
  ) as Held<'fork'>
}

export function grantOf(by: Actor, to: PeerId, part: Partial<Grant> = {}): Held<'grant'> {
  const grant: Grant = {
    network,
    granter: by.peer,
    grantee: to,
    kind: 'serve',
    weight: 10_000,
    onward: 4,
    issuedAt: noon,
    expiresAt: epochMs((part.issuedAt ?? noon) + 24 * hourMs),
    ...part,
  }
  return heldOf(by, 'grant', encodeGrant(grant))
}

export function revocationOf(by: Actor, to: PeerId, until: number): Held<'revocation'> {
  const issuedUntil = epochMs(until)
  const body = encodeRevocation({
    network,
    granter: by.peer,
    grantee: to,
    kind: 'serve',
    issuedUntil,
  })
  return heldOf(by, 'revocation', body)
}

export function consentOfActor(
  by: Actor,
  name: string,
  at: number,
  windowMs: number,
  part: Partial<Consent> = {},
): Held<'consent'> {
  const consent = {
    network,
    author: by.peer,
    content: contentOf(name),
    at: epochMs(at),
    windowMs,
    ...part,
  }
  return heldOf(by, 'consent', encodeConsent(consent))
}

export function pledgeOf(by: Actor, at: number, bytes = 1_000): Held<'pledge'> {
  const [from, expiresAt] = [epochMs(at), epochMs(at + 24 * hourMs)]
  return heldOf(by, 'pledge', encodePledge({ network, peer: by.peer, bytes, at: from, expiresAt }))
}

/** The manifest of a content that nobody has: its root is drawn from the name. */
export function manifestOf(name: string): Bytes {
  const transfer = transferInfo(1_280, { symbolBytes: 64 })
  if (!transfer.ok) throw new Error(transfer.fault.code)
  return encodeManifest({
    transfer: transfer.value,
    policy: { sourceSymbols: 20, repairSymbols: 6, minViableSymbols: 5, targetHolders: 30 },
    shares: 52,
    service: 1,
    root: seededRng(name).bytes(32),
  })
}

export function publicationOf(by: Actor, name: string): Held<'publication'> {
  const manifestBytes = manifestOf(name)
  const body = encodePublication({ network, author: by.peer, manifestBytes })
  return heldOf(by, 'publication', body)
}

export function bookOf(
  self: Actor,
  trusts: (peer: PeerId) => boolean = () => true,
  bounds: Partial<BookBounds> = {},
): StatementBook {
  return new StatementBook({ self: self.peer, network, trusts, bounds })
}

/** What would be done with a statement that is offered. */
export function judged(book: StatementBook, item: StatementItem, now: EpochMs = noon): string {
  const claimed = readItem(item)
  if (!claimed.ok) return claimed.fault.code
  const judgement = book.judge(claimed.value, now)
  return judgement.ok ? judgement.value : judgement.fault.why
}

/** The names of all that a book holds, rising. */
export function idsIn(book: StatementBook): readonly string[] {
  return [...book.items].map(({ id }) => id)
}
