import { type FileHandle, open } from 'node:fs/promises'
import { CodedError, toHex } from '@kithnet/kernel'
import type { Node, PeerId } from 'kithnet'
import {
  type ContentRef,
  type Holonomic,
  parseRef,
  refText,
  type ShownLog,
} from 'kithnet/holonomic'
import type { ControlRequest } from './control-protocol.ts'
import type {
  CheckedTrust,
  ComparedStates,
  ContentPage,
  GetResult,
  GrantResult,
  HolderResult,
  HolonomicRequest,
  HolonomicResults,
  PutResult,
  RetainResult,
  StatementIds,
  StepDone,
  WitnessedState,
} from './holonomic-protocol.ts'
import { namedPeer } from './peer-names.ts'
import { fileSource } from './share-folder.ts'
import { notTrusted } from './trust-reasons.ts'

type Asked<M extends HolonomicRequest['method']> = Extract<HolonomicRequest, { readonly method: M }>

/** True for what is asked of contents, witness or trust. */
export function isForKeeper(request: ControlRequest): request is HolonomicRequest {
  return /^(?:content|witness|trust)-/.test(request.method)
}

/** Answers what commands ask of a node's contents, witness and trust. */
export class KeeperControl {
  readonly #node: Node
  readonly #holonomic: Holonomic

  constructor(node: Node, holonomic: Holonomic) {
    this.#node = node
    this.#holonomic = holonomic
  }

  /** Throws what the node throws, and `cli/peer` for a peer that nobody is. */
  async answer(
    request: HolonomicRequest,
    tell: (step: StepDone) => void,
    signal: AbortSignal,
  ): Promise<HolonomicResults[HolonomicRequest['method']]> {
    const { content, witness, trust } = this.#holonomic
    switch (request.method) {
      case 'content-put':
        return this.#put(request, tell, signal)
      case 'content-get':
        return this.#get(request, tell, signal)
      case 'content-holders':
        return this.#holders(request.ref, signal)
      case 'content-retain':
        return this.#retain(request)
      case 'content-forget': {
        const ref = refOf(request.ref)
        await content.forget(ref)
        return { ref: request.ref, withdrawn: ref.author === this.#node.id }
      }
      case 'content-list':
        return this.#list(request)
      case 'witness-show':
        return witness.show(this.#peer(request.peer ?? this.#node.id)).map(stateOf)
      case 'witness-compare':
        return this.#compare(request)
      case 'witness-prove':
        return {
          bundle: Buffer.from(witness.prove(ownStatements, request.epoch)).toString('base64'),
        }
      case 'trust-grant':
        return this.#grant(request)
      case 'trust-revoke': {
        const peer = this.#peer(request.peer)
        await trust.revoke(peer, request.kind)
        return { peer, kind: request.kind }
      }
      case 'trust-check':
        return this.#check(request)
    }
  }

  async #put(
    { path, forMs, policy }: Asked<'content-put'>,
    tell: (step: StepDone) => void,
    signal: AbortSignal,
  ): Promise<PutResult> {
    await using file = await open(path)
    const { size } = await file.stat()
    const put = await this.#holonomic.content.put(fileSource(file, size), {
      windowMs: forMs,
      signal,
      progress: (step, done, of) => tell({ step, done, of }),
      ...(policy === undefined ? {} : { policy }),
    })
    return { ...put, ref: refText(put.ref), holders: put.holders.length }
  }

  /** The file is the caller's to name and to remove: this makes it, and never opens one that is there. */
  async #get(
    { ref, path }: Asked<'content-get'>,
    tell: (step: StepDone) => void,
    signal: AbortSignal,
  ): Promise<GetResult> {
    const wanted = refOf(ref)
    const { content } = this.#holonomic
    const parts = content.get(wanted, { signal })
    await using file = await open(path, 'wx')
    const of = content.list().find((one) => refText(one.ref) === ref)?.bytes
    let bytes = 0
    for await (const part of parts) {
      await writeAt(file, part.bytes, part.start)
      bytes += part.bytes.length
      tell({ step: 'fetched', done: bytes, ...(of === undefined ? {} : { of }) })
    }
    await file.sync()
    return { ref, bytes }
  }

  async #holders(ref: string, signal: AbortSignal): Promise<readonly HolderResult[]> {
    const holders = await this.#holonomic.content.holders(refOf(ref), { signal })
    return holders.map(({ peer, shares, provenUntil = null }) => ({ peer, shares, provenUntil }))
  }

  async #retain({ ref, forMs }: Asked<'content-retain'>): Promise<RetainResult> {
    const { content } = this.#holonomic
    const named = refOf(ref)
    await content.retain(named, forMs)
    const entry = content.list().find((one) => refText(one.ref) === ref)
    return { ref, until: entry?.until ?? null }
  }

  #list({ from }: Asked<'content-list'>): ContentPage {
    const all = this.#holonomic.content.list()
    const contents = all.slice(from, from + pageContents).map((one) => ({
      ref: refText(one.ref),
      bytes: one.bytes,
      consent: one.consent.state,
      until: one.until ?? null,
      shares: one.shares.length,
      storedBytes: one.storedBytes,
      declined: one.isDeclined,
    }))
    return { contents, total: all.length }
  }

  async #compare({ peer, reconcile }: Asked<'witness-compare'>): Promise<ComparedStates> {
    const { witness } = this.#holonomic
    const other = this.#peer(peer)
    if (!reconcile) {
      const { relation, ours, theirs } = await witness.compare(other, ownStatements)
      return { peer: other, relation, ours: ours.epoch, theirs: theirs.epoch }
    }
    const { ours, theirs, missing, extra } = await witness.reconcile(other, ownStatements)
    return {
      peer: other,
      relation: missing.length + extra.length === 0 ? 'identical' : 'divergent',
      ours: ours?.epoch ?? 0,
      theirs: theirs.epoch,
      missing: idsOf(missing),
      extra: idsOf(extra),
    }
  }

  async #grant(request: Asked<'trust-grant'>): Promise<GrantResult> {
    const { kind, weight, onward, forMs } = request
    const peer = this.#peer(request.peer)
    const { statement } = await this.#holonomic.trust.grant(peer, { kind, weight, onward, forMs })
    return { peer, kind, until: statement.expiresAt }
  }

  #check(request: Asked<'trust-check'>): CheckedTrust {
    const { kind } = request
    const peer = this.#peer(request.peer)
    const checked = this.#holonomic.trust.check(peer, kind)
    if (!checked.ok) throw notTrusted(peer, kind, checked.fault)
    const { root, trust, chain } = checked.value
    return {
      peer,
      kind,
      root,
      trust,
      chain: [root, ...chain.map(({ statement }) => statement.grantee)],
    }
  }

  #peer(text: string): PeerId {
    return namedPeer(text, this.#known())
  }

  /** Whom this node has a link to, or a statement by or about. */
  *#known(): Iterable<PeerId> {
    yield this.#node.id
    for (const { peer } of this.#node.connections()) yield peer
    const { statements } = this.#holonomic
    for (const kind of tellingKinds) for (const { signer } of statements.all(kind)) yield signer
    for (const { statement } of statements.all('grant')) yield statement.grantee
  }
}

/** Statements by which peers come to be known: everybody who takes part makes one of these. */
const tellingKinds = ['pledge', 'publication', 'grant', 'checkpoint'] as const
/** What the service commits by itself. */
const ownStatements: readonly string[] = ['statements']

/** Contents of one answer, and ids of one list. Source: our choice: some 600 KB, within a line of the control socket. */
const pageContents = 1_000
const shownIds = 4_000

function idsOf(members: readonly Uint8Array[]): StatementIds {
  return { count: members.length, ids: members.slice(0, shownIds).map(toHex) }
}

/** All of it: one write may take less. */
async function writeAt(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, start + done)
    done += bytesWritten
  }
}

/** Throws `holonomic/content-ref`. */
function refOf(text: string): ContentRef {
  const ref = parseRef(text)
  if (ref.ok) return ref.value
  throw new CodedError(ref.fault, 'A content is named by what "kith content put" printed.')
}

function stateOf({ checkpoint, cosigners, appointed, isForked }: ShownLog): WitnessedState {
  const { peer, namespaces, epoch, stateSize, stateRoot, logRoot, at } = checkpoint
  return {
    peer,
    namespaces,
    epoch,
    members: stateSize,
    stateRoot: toHex(stateRoot),
    logRoot: toHex(logRoot),
    at,
    appointed,
    cosigners,
    forked: isForked,
  }
}
