import type { Manifest, RetentionTier } from '@kithnet/fountain'
import type { Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { type ContentRef, refText } from './content-ref.ts'
import { HolderBook } from './holder-book.ts'
import type { Placement } from './placement.ts'

/** What is done about a content here: there is one for each that is held, owned, placed, taken, fetched or asked about. */
export class ContentWatch {
  readonly holders: HolderBook
  /** Shares that are whole and durable here. */
  readonly held: Set<number> = new Set()
  /** Shares that were made here for others, by the `make` that they are of. */
  readonly made: Map<number, readonly number[]> = new Map()
  isOwned = false
  placement: Placement | undefined
  /** Reads, surveys and takes that need to know who holds it. */
  uses = 0
  plan: Plan | undefined

  constructor(rng: ConstructorParameters<typeof HolderBook>[0]) {
    this.holders = new HolderBook(rng)
  }

  /** What a holder hints at while everybody is asked. */
  hinted(from: PeerId, hints: readonly PeerId[]): void {
    const check = this.plan?.check
    if (check === undefined || check.hintsByPeer.has(from) || !this.holders.claims.has(from)) return
    check.hintsByPeer.set(from, new Set(hints))
  }

  /** True when symbols of the share can be loaded. */
  has(share: number): boolean {
    if (this.isOwned || this.held.has(share)) return true
    for (const shares of this.made.values()) if (shares.includes(share)) return true
    return false
  }
}

/** How far a holder is with looking at its census. */
export interface Plan {
  planAt: Instant
  /** When candidates are next asked what they hold. */
  discoverAt: Instant
  /** Nothing is made anew before: too little was seen. */
  settledAt: Instant
  /** While everybody is asked before a plan is carried out. */
  check: Check | undefined
  /** Looks in a row that found something missing. */
  attempt: number
  /** The `make` under way. */
  making: Making | undefined
  /** When the last `census` was told, and how often it had changed by then who holds what. */
  toldAt: Instant | undefined
  toldChanges: number
}

/** The answers while everybody is asked. */
export interface Check {
  readonly since: Instant
  readonly until: Instant
  /** Who has answered, and of whom each says that it has a proof. */
  readonly hintsByPeer: Map<PeerId, ReadonlySet<PeerId>>
}

/** Shares that are being made, and who is to keep them. */
export interface Making {
  readonly token: number
  readonly places: ReadonlyMap<PeerId, readonly number[]>
  readonly spare: readonly PeerId[]
  readonly until: Instant
}

/** A content that a keeper knows: one that was published and that its author allows to be kept. */
export class KnownContent {
  readonly ref: ContentRef
  /** Its timer's key. */
  readonly key: string
  manifest: Manifest
  tier: RetentionTier
  until: Instant
  isDeclined = false
  watch: ContentWatch | undefined
  armedAt: Instant | undefined

  constructor(ref: ContentRef, manifest: Manifest, tier: RetentionTier, until: Instant) {
    this.ref = ref
    this.key = refText(ref)
    this.manifest = manifest
    this.tier = tier
    this.until = until
  }

  get blocks(): number {
    return this.manifest.transfer.sourceBlocks
  }

  isAllowed(now: Instant): boolean {
    return now < this.until
  }
}

/** Bytes that a share takes in a store: its symbols, their proofs and keys. Source: our choice, from above. */
export function shareBytes({ transfer }: Manifest): number {
  return transfer.sourceBlocks * (transfer.symbolBytes + 768)
}
