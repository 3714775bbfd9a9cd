import { equalBytes, type Result, seededRng, shuffled, toHex, utf8 } from '@kithnet/kernel'
import {
  type AdvertCheck,
  aggregationPreimage,
  type AggregationMeta,
  type AlmInput,
  type AlmTree,
  claimPreimage,
  claimVersion,
  compressPreimage,
  corpusWantPreimage,
  descend,
  holdingPreimage,
  holdingVersion,
  maxWitnessChain,
  memberCommitment,
  narrowCapacityPreimage,
  pairTreeRoot,
  readAggregationMeta,
  readClaim,
  readCompressRequest,
  readCorpusWant,
  readHoldingClaim,
  readWitness,
  topologyV1,
  topologyV2,
  trustServe,
  verifyBoundText,
  wideCapacityPreimage,
  witnessPreimage,
  witnessVersion,
} from '@kithnet/holonomic/ciris'
import { describe, expect, it } from 'vitest'
import { bytes, foreign, hasForeign } from './foreign.ts'

/** The preimage is the expected one, and reading it gives bytes that make it again. */
function expectPreimage<T>(
  made: Uint8Array,
  expected: string,
  read: (preimage: Uint8Array) => Result<T>,
  encode: (value: T) => Uint8Array,
): void {
  expect(toHex(made)).toBe(expected)
  const value = read(made)
  expect(value.ok && toHex(encode(value.value))).toBe(expected)
  expect(read(made.subarray(1)).ok).toBe(false)
  expect(read(made.subarray(0, -1)).ok).toBe(false)
}

interface Leaves {
  readonly leaves_hex: readonly string[]
  readonly expected_root_hex: string
}

interface Witness {
  readonly peer_id: string
  readonly epoch_id: number
  readonly merkle_root: readonly number[]
  readonly leaf_count: number
  readonly claim_namespaces: readonly string[]
  readonly observed_at_unix_ms: number
  readonly expected_canonical_bytes_hex: string
}

describe.skipIf(!hasForeign)('holonomic_v19', () => {
  it.each(['empty_sentinel', 'single_leaf', 'three_leaves_odd_dup', 'lex_sort_invariance'])(
    'merkle_root/%s, in any order',
    (name) => {
      const file = foreign(`holonomic_v19/merkle_root/${name}.json`) as Leaves
      const leaves = file.leaves_hex.map(bytes)
      expect(toHex(pairTreeRoot(leaves))).toBe(file.expected_root_hex)
      expect(toHex(pairTreeRoot(leaves.toReversed()))).toBe(file.expected_root_hex)
    },
  )

  it.each(['empty', 'three_namespaces'])('wholeness_witness/canonical_preimage_%s', (name) => {
    const file = foreign(
      `holonomic_v19/wholeness_witness/canonical_preimage_${name}.json`,
    ) as Witness
    const witness = {
      peerId: file.peer_id,
      epoch: BigInt(file.epoch_id),
      merkleRoot: Uint8Array.from(file.merkle_root),
      leafCount: file.leaf_count,
      namespaces: file.claim_namespaces.toReversed(),
      observedAtMs: BigInt(file.observed_at_unix_ms),
    }
    const expected = file.expected_canonical_bytes_hex
    expectPreimage(witnessPreimage(witness), expected, readWitness, witnessPreimage)
  })

  it.each(['no_owner_binding', 'with_owner_binding'])('signed_claim/canonical_bytes_%s', (name) => {
    const file = foreign(`holonomic_v19/signed_claim/canonical_bytes_${name}.json`) as {
      readonly claim_kind: string
      readonly signer_peer_id: string
      readonly claim_bytes: readonly number[]
      readonly signed_at_unix_ms: number
      readonly claim_version: number
      readonly user_owner: string | null
      readonly delegates_to: string | null
      readonly identity_occurrence: string | null
      readonly expected_canonical_bytes_hex: string
    }
    const claim = {
      kind: file.claim_kind,
      signerPeerId: file.signer_peer_id,
      claim: Uint8Array.from(file.claim_bytes),
      signedAtMs: BigInt(file.signed_at_unix_ms),
      version: file.claim_version,
      ...(file.user_owner === null ? {} : { userOwner: file.user_owner }),
      ...(file.delegates_to === null ? {} : { delegatesTo: file.delegates_to }),
      ...(file.identity_occurrence === null
        ? {}
        : { identityOccurrence: file.identity_occurrence }),
    }
    const expected = file.expected_canonical_bytes_hex
    expectPreimage(claimPreimage(claim), expected, readClaim, claimPreimage)
  })

  it('fountain_holding_claim/canonical_bytes', () => {
    const file = foreign('holonomic_v19/fountain_holding_claim/canonical_bytes.json') as {
      readonly peer_id: string
      readonly content_id: string
      readonly symbol_ids: readonly number[]
      readonly observed_at_unix_ms: number
      readonly expected_canonical_bytes_hex: string
    }
    const claim = {
      peerId: file.peer_id,
      contentId: file.content_id,
      symbolIds: file.symbol_ids,
      observedAtMs: BigInt(file.observed_at_unix_ms),
    }
    const expected = file.expected_canonical_bytes_hex
    expectPreimage(holdingPreimage(claim), expected, readHoldingClaim, holdingPreimage)
  })

  it('fountain_compress_request/canonical_bytes', () => {
    const file = foreign('holonomic_v19/fountain_compress_request/canonical_bytes.json') as {
      readonly peer_id: string
      readonly content_id: string
      readonly evicting_range_low: number
      readonly evicting_range_high: number
      readonly deadline_unix_ms: number
      readonly expected_canonical_bytes_hex: string
    }
    const request = {
      peerId: file.peer_id,
      contentId: file.content_id,
      evictingLow: file.evicting_range_low,
      evictingHigh: file.evicting_range_high,
      deadlineMs: BigInt(file.deadline_unix_ms),
    }
    const expected = file.expected_canonical_bytes_hex
    expectPreimage(compressPreimage(request), expected, readCompressRequest, compressPreimage)
  })

  it('domain_separators and schema_versions', () => {
    const domains = foreign('holonomic_v19/domain_separators.json') as Readonly<
      Record<string, string>
    >
    const begins = (preimage: Uint8Array, name: string): void => {
      expect(toHex(preimage).startsWith(domains[name]!), name).toBe(true)
    }
    const zero = { peerId: '', contentId: '', observedAtMs: 0n }
    const root = new Uint8Array(32)
    begins(
      witnessPreimage({ ...zero, epoch: 0n, merkleRoot: root, leafCount: 0, namespaces: [] }),
      'witness_preimage_v1_hex',
    )
    const claim = { kind: '', signerPeerId: '', claim: root, signedAtMs: 0n, version: 1 }
    begins(claimPreimage(claim), 'signed_claim_v1_hex')
    begins(holdingPreimage({ ...zero, symbolIds: [] }), 'holding_claim_v1_hex')
    const request = { ...zero, evictingLow: 0, evictingHigh: 0, deadlineMs: 0n }
    begins(compressPreimage(request), 'compress_request_v1_hex')
    expect(foreign('holonomic_v19/schema_versions.json')).toEqual({
      witness_version: witnessVersion,
      claim_version: claimVersion,
      holding_claim_version: holdingVersion,
      compress_request_version: holdingVersion,
      max_witness_chain_len: maxWitnessChain,
    })
  })
})

interface Meta {
  readonly version: 1 | 2
  readonly content_id: string
  readonly corpus_kind: string
  readonly tier: number
  readonly aggregation_algorithm_id: string
  readonly source_count: number
  readonly source_member_ids: readonly string[]
  readonly member_commitment_hex: string
  readonly noise_floor_descriptor: string
  readonly n_eff?: number
  readonly expected_canonical_bytes_hex: string
}

interface Members {
  readonly source_member_ids: readonly string[]
  readonly expected_commitment_hex: string
}

describe.skipIf(!hasForeign)('holonomic_v19_7', () => {
  it.each(['canonical_bytes', 'canonical_bytes_v2'])('aggregation_meta/%s', (name) => {
    const file = foreign(`holonomic_v19_7/aggregation_meta/${name}.json`) as Meta
    const commitment = memberCommitment(file.source_member_ids)
    expect(toHex(commitment)).toBe(file.member_commitment_hex)
    const meta: AggregationMeta = {
      contentId: file.content_id,
      corpusKind: file.corpus_kind,
      tier: file.tier,
      algorithmId: file.aggregation_algorithm_id,
      sourceCount: file.source_count,
      memberCommitment: commitment,
      noiseFloor: file.noise_floor_descriptor,
      added: file.version === 1 ? { version: 1 } : { version: 2, effectiveCount: file.n_eff ?? -1 },
    }
    const expected = file.expected_canonical_bytes_hex
    expectPreimage(aggregationPreimage(meta), expected, readAggregationMeta, aggregationPreimage)
    const domains = foreign('holonomic_v19_7/domain_separators.json') as Readonly<
      Record<string, string>
    >
    expect(expected.startsWith(domains['agg_meta_v1_hex']!)).toBe(true)
  })

  it.each(['empty', 'single', 'three_unsorted'])('member_commitment/%s', (name) => {
    const file = foreign(`holonomic_v19_7/member_commitment/${name}.json`) as Members
    expect(toHex(memberCommitment(file.source_member_ids))).toBe(file.expected_commitment_hex)
  })

  it('descend/ordered_list', () => {
    const file = foreign('holonomic_v19_7/descend/ordered_list.json') as {
      readonly input_member_ids: readonly string[]
      readonly expected_ordered_ids: readonly string[]
      readonly expected_commitment_hex: string
    }
    expect(descend(file.input_member_ids)).toEqual(file.expected_ordered_ids)
    expect(toHex(memberCommitment(file.input_member_ids))).toBe(file.expected_commitment_hex)
  })

  it('corpus_want/canonical_bytes', () => {
    const file = foreign('holonomic_v19_7/corpus_want/canonical_bytes.json') as {
      readonly node_id: string
      readonly epoch_id: string
      readonly cohort_scope: string
      readonly size_cap_bytes: number
      readonly remaining_budget_bytes: number
      readonly want: readonly string[]
      readonly expected_canonical_bytes_hex: string
    }
    const want = {
      nodeId: file.node_id,
      epochId: file.epoch_id,
      scope: file.cohort_scope,
      sizeCapBytes: BigInt(file.size_cap_bytes),
      remainingBytes: BigInt(file.remaining_budget_bytes),
      want: file.want,
    }
    const expected = file.expected_canonical_bytes_hex
    expectPreimage(corpusWantPreimage(want), expected, readCorpusWant, corpusWantPreimage)
  })
})

interface ObservedInput {
  readonly capacity_ads: readonly {
    readonly peer: string
    readonly uplink_mbps_f32_be_hex: string
    readonly measured_at_unix_ms: number
    readonly max_subscribers_per_stream: number
    readonly verification: AdvertCheck
    readonly sub_stream_commitments: readonly {
      readonly path_hex: string
      readonly max_subscribers: number
    }[]
  }[]
  readonly trust_grants: readonly {
    readonly granter: string
    readonly grantee: string
    readonly chain_depth: number
  }[]
  readonly reachability: readonly {
    readonly from: string
    readonly to: string
    readonly rtt_ms: number
  }[]
  readonly snapshot_epoch_id: number
}

interface ObservedTree {
  readonly tree: readonly unknown[]
  readonly unrooted: readonly string[]
  readonly snapshot_epoch_id: number
  readonly topology_version: number
}

function almInput(input: ObservedInput): AlmInput {
  return {
    adverts: input.capacity_ads.map((advert) => ({
      peer: advert.peer,
      uplinkMbps: new DataView(bytes(advert.uplink_mbps_f32_be_hex).buffer).getFloat32(0),
      measuredAtMs: BigInt(advert.measured_at_unix_ms),
      maxSubscribers: advert.max_subscribers_per_stream,
      check: advert.verification,
      commitments: advert.sub_stream_commitments.map((one) => ({
        path: bytes(one.path_hex),
        maxSubscribers: one.max_subscribers,
      })),
    })),
    grants: input.trust_grants.map((one) => ({ ...one, depth: one.chain_depth })),
    reachability: input.reachability.map((one) => ({ ...one, rttMs: one.rtt_ms })),
    snapshotEpoch: BigInt(input.snapshot_epoch_id),
  }
}

function observed(tree: AlmTree): unknown {
  return {
    tree: tree.edges.map(({ child, parent, path }) => ({ child, parent, path_hex: toHex(path) })),
    unrooted: tree.unrooted,
    snapshot_epoch_id: Number(tree.snapshotEpoch),
    topology_version: tree.version,
  }
}

describe.skipIf(!hasForeign)('observed', () => {
  interface Topologies {
    readonly cases: readonly {
      readonly input: ObservedInput
      readonly expected_v1: ObservedTree
      readonly expected_v2: ObservedTree
    }[]
  }
  const cases = hasForeign ? (foreign('observed/topology.json') as Topologies).cases : []

  it.each(cases.map((one, index) => [index, one] as const))('topology, case %i', (index, one) => {
    const input = almInput(one.input)
    expect(observed(topologyV1(input))).toEqual(one.expected_v1)
    expect(observed(topologyV2(input))).toEqual(one.expected_v2)
    // Only which of two adverts of one peer and one time comes later may hang on the order of the input.
    const { grants, reachability } = input
    const rng = seededRng(index)
    const mixed = {
      ...input,
      grants: shuffled(rng, grants),
      reachability: shuffled(rng, reachability),
    }
    expect(observed(topologyV2(mixed))).toEqual(one.expected_v2)
  })

  it('bootstrap', () => {
    const file = foreign('observed/bootstrap.json') as {
      readonly cases: readonly {
        readonly candidate: readonly [string, boolean]
        readonly roots: readonly string[]
        readonly grants: readonly (readonly [string, number, number])[]
        readonly chain_oldest_first: readonly (readonly [string, boolean])[]
        readonly max_chain_depth: number
        readonly expected: string
      }[]
    }
    expect(file.cases.length).toBeGreaterThan(20)
    for (const one of file.cases) {
      const entry = ([signer, verified]: readonly [string, boolean]) => ({ signer, verified })
      const verdict = trustServe(
        entry(one.candidate),
        {
          roots: one.roots,
          grants: one.grants.map(([granter, chainDepth, weight]) => ({
            granter,
            chainDepth,
            weight,
          })),
          maxChainDepth: one.max_chain_depth,
        },
        one.chain_oldest_first.map(entry),
      )
      const text =
        verdict.type === 'admit'
          ? `Admit ${verdict.distance} ${verdict.root}`
          : `Refuse ${verdict.reason}`
      expect(text).toBe(one.expected)
    }
  })

  it('relay_capacity', () => {
    const file = foreign('observed/relay_capacity.json') as {
      readonly advertiser_key_id: string
      readonly stream_id_hex: string
      readonly epoch: number
      readonly uplink_mbps: number
      readonly max_streams: number
      readonly max_subscribers_per_stream: number
      readonly measured_at_unix_ms: number
      readonly max_layer_supported: readonly [number, number, number]
      readonly sub_stream_commitments: readonly {
        readonly path: readonly number[]
        readonly uplink_budget_mbps: number
        readonly max_subscribers: number
      }[]
      readonly expected_v4_2_1_hex: string
      readonly expected_v18_5_0_hex: string
    }
    const capacity = {
      advertiserKeyId: file.advertiser_key_id,
      streamId: bytes(file.stream_id_hex),
      epoch: BigInt(file.epoch),
      uplinkMbps: file.uplink_mbps,
      maxStreams: file.max_streams,
      maxSubscribers: file.max_subscribers_per_stream,
      measuredAtMs: BigInt(file.measured_at_unix_ms),
      maxLayer: file.max_layer_supported,
      commitments: file.sub_stream_commitments.map((one) => ({
        path: Uint8Array.from(one.path),
        uplinkMbps: one.uplink_budget_mbps,
        maxSubscribers: one.max_subscribers,
      })),
    }
    expect(toHex(wideCapacityPreimage(capacity))).toBe(file.expected_v4_2_1_hex)
    expect(toHex(narrowCapacityPreimage(capacity))).toBe(file.expected_v18_5_0_hex)
  })

  it('bound_hybrid, as text', () => {
    const file = foreign('observed/bound_hybrid.json') as Readonly<Record<string, string>>
    const hex = (field: string): Uint8Array => bytes(file[`${field}_hex`] ?? 'missing')
    const text = (field: string): string => Buffer.from(hex(field)).toString('base64')
    const key = { classical: hex('ed25519_pub'), postQuantum: hex('mldsa65_pub') }
    const ed25519 = text('sig_ed25519')
    const check = (mlDsa65: string): unknown =>
      verifyBoundText(key, hex('preimage'), { ed25519, mlDsa65 })
    expect(check(text('sig_mldsa65_bound'))).toEqual({ ok: true, value: true })
    expect(check(text('sig_mldsa65_independent_must_fail'))).toMatchObject({
      ok: false,
      fault: { code: 'identity/bound-signature', half: 'post-quantum' },
    })
    expect(check('')).toMatchObject({ ok: false, fault: { half: 'missing' } })
    expect(readWitness(hex('preimage')).ok).toBe(true)
    expect(equalBytes(hex('preimage').subarray(0, 14), utf8('WW-PREIMAGE-v1'))).toBe(true)
  })
})
