import { contentIdOf, decodeManifest, encodeManifest } from '@kithnet/fountain'
import { compareBytes, epochMs, toHex, utf8 } from '@kithnet/kernel'
import {
  decodeCapacity,
  decodeCheckpoint,
  decodeConsent,
  decodeCosignature,
  decodeGrant,
  decodeHolding,
  decodePossession,
  decodeRevocation,
  decodeSnapshot,
  encodeCapacity,
  encodeCheckpoint,
  encodeConsent,
  encodeCosignature,
  encodeGrant,
  encodeHolding,
  encodePossession,
  encodeRevocation,
  encodeSnapshot,
  type PossessionMessage,
  maxPledgeMs,
  encodePledge,
  decodePledge,
  encodePublication,
  decodePublication,
} from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import {
  anyNetworkId,
  anyPeerId,
  anyTopicId,
  type Arbitrary,
  bytesOf,
  type Codec,
  codecLaw,
  forAll,
  listOf,
  pairOf,
  wholeNumber,
} from '@kithnet/testkit/suite'
import { describe, expect, it } from 'vitest'
import { compareText, sortedTexts } from '../src/text-order.ts'
import { manifestOf } from './books.ts'

const options = { runs: 40 }
const digest = bytesOf(32)
const hex = digest.map(toHex)
const uint = wholeNumber(0, 2 ** 31 - 1)
const u64 = pairOf(wholeNumber(0, 2 ** 31 - 1), wholeNumber(0, 2 ** 31 - 1)).map(
  ([high, low]) => (BigInt(high) << 33n) | BigInt(low),
)
/** Texts with characters of one to four bytes. */
const text = listOf(wholeNumber(0, 5), 8).map((letters) =>
  letters.map((letter) => ['a', 'z', 'é', '\u{ffff}', '\u{1f600}', '\ue000'][letter]!).join(''),
)
const rising = <T>(items: Arbitrary<readonly T[]>, key: (item: T) => string): Arbitrary<T[]> =>
  items.map((list) => {
    const byKey = new Map(list.map((item) => [key(item), item]))
    return sortedTexts(byKey.keys()).map((one) => byKey.get(one)!)
  })
const texts = rising(listOf(text, 5), (one) => one)
const numbers = listOf(wholeNumber(0, 2 ** 24 - 1), 6).map((list) =>
  [...new Set(list)].sort((a, b) => a - b),
)

/** A record of arbitraries as an arbitrary record. */
function record<T extends object>(fields: {
  readonly [Key in keyof T]: Arbitrary<T[Key]>
}): Arbitrary<T> {
  let all: Arbitrary<object> = wholeNumber(0, 0).map(() => ({}))
  for (const [key, field] of Object.entries<Arbitrary<unknown>>(fields)) {
    all = pairOf(all, field).map(([rest, value]) => ({ ...rest, [key]: value }))
  }
  return all as Arbitrary<T>
}

function law<T>(name: string, values: Arbitrary<T>, codec: Codec<T>): void {
  it(name, () => codecLaw(codec, values, options))
}

const at = uint.map(epochMs)
const lane = record({ path: bytesOf(2), kbps: wholeNumber(0, 100_000_000) })
const lanes = rising(listOf(lane, 4), ({ path }) => toHex(path))
const sample = ((manifest) => {
  if (!manifest.ok) throw new Error(manifest.fault.code)
  return manifest.value
})(decodeManifest(manifestOf('sample')))
const parties = { network: anyNetworkId, granter: anyPeerId, grantee: anyPeerId }
const kind = text.map((one) => `k${one}`)

describe('what peers of Kithnet say', () => {
  law(
    'pledge',
    record({
      network: anyNetworkId,
      peer: anyPeerId,
      bytes: uint,
      at,
      expiresAt: uint,
    }).map((pledge) => ({
      ...pledge,
      expiresAt: epochMs(pledge.at + 1 + (pledge.expiresAt % maxPledgeMs)),
    })),
    { encode: encodePledge, decode: decodePledge },
  )
  law(
    'publication',
    record({ network: anyNetworkId, author: anyPeerId, root: digest }).map(
      ({ network, author, root }) => {
        const manifestBytes = encodeManifest({ ...sample, root })
        const manifest = { ...sample, root }
        const content = toHex(contentIdOf(manifest))
        return { network, author, content, manifest, manifestBytes }
      },
    ),
    { encode: encodePublication, decode: decodePublication },
  )
  law(
    'checkpoint',
    record({
      network: anyNetworkId,
      peer: anyPeerId,
      namespaces: texts.map((list) => (list.length === 0 ? ['records'] : list)),
      epoch: wholeNumber(1, 2 ** 31 - 1),
      stateSize: uint,
      stateRoot: digest,
      logRoot: digest,
      at,
    }),
    { encode: encodeCheckpoint, decode: decodeCheckpoint },
  )
  law(
    'cosignature',
    record({
      cosigner: anyPeerId,
      log: hex,
      epoch: wholeNumber(1, 2 ** 31 - 1),
      checkpoint: hex,
      at,
    }),
    { encode: encodeCosignature, decode: decodeCosignature },
  )
  law(
    'grant',
    pairOf(
      record({ ...parties, kind, weight: wholeNumber(1, 10_000), onward: wholeNumber(0, 4) }),
      pairOf(uint, wholeNumber(1, 2 ** 31 - 1)),
    ).map(([grant, [issuedAt, lifeMs]]) => ({
      ...grant,
      issuedAt: epochMs(issuedAt),
      expiresAt: epochMs(issuedAt + lifeMs),
    })),
    { encode: encodeGrant, decode: decodeGrant },
  )
  law('revocation', record({ ...parties, kind, issuedUntil: at }), {
    encode: encodeRevocation,
    decode: decodeRevocation,
  })
  law(
    'capacity',
    record({
      network: anyNetworkId,
      stream: anyTopicId,
      peer: anyPeerId,
      epoch: uint,
      measuredAt: at,
      uplinkKbps: wholeNumber(0, 100_000_000),
      maxChildren: wholeNumber(0, 64),
      maxLayer: bytesOf(3).map((layer): [number, number, number] => [
        layer[0]!,
        layer[1]!,
        layer[2]!,
      ]),
      lanes,
      near: rising(
        listOf(record({ peer: anyPeerId, rttMs: wholeNumber(0, 5_000) }), 4),
        ({ peer }) => peer,
      ),
    }),
    { encode: encodeCapacity, decode: decodeCapacity },
  )
  law(
    'snapshot',
    record({
      network: anyNetworkId,
      stream: anyTopicId,
      publisher: anyPeerId,
      epoch: uint,
      issuedAt: at,
      lanes: lanes.map((list) =>
        list.length === 0 ? [{ path: new Uint8Array(0), kbps: 1 }] : list,
      ),
      members: rising(
        listOf(
          pairOf(anyPeerId, pairOf(wholeNumber(0, 1), hex)).map(([peer, [offers, capacity]]) =>
            offers === 0 ? { peer } : { peer, capacity },
          ),
          5,
        ),
        ({ peer }) => peer,
      ),
    }),
    { encode: encodeSnapshot, decode: decodeSnapshot },
  )
  law(
    'holding',
    pairOf(
      record({ network: anyNetworkId, peer: anyPeerId, content: hex, shares: numbers }),
      pairOf(uint, wholeNumber(1, 2 ** 31 - 1)),
    ).map(([holding, [observedAt, lifeMs]]) => ({
      ...holding,
      observedAt: epochMs(observedAt),
      expiresAt: epochMs(observedAt + lifeMs),
    })),
    { encode: encodeHolding, decode: decodeHolding },
  )
  law(
    'consent',
    record({
      network: anyNetworkId,
      author: anyPeerId,
      content: hex,
      at,
      windowMs: wholeNumber(0, 2 ** 31 - 1),
    }),
    { encode: encodeConsent, decode: decodeConsent },
  )
  law<PossessionMessage>(
    'possession',
    pairOf(
      wholeNumber(0, 3),
      record({ nonce: hex, content: hex, symbol: wholeNumber(0, 2 ** 24 - 1), author: anyPeerId }),
    ).map(([form, { nonce, content, symbol, author }]): PossessionMessage => {
      const id = { block: symbol % 256, symbol }
      if (form > 1) {
        return { type: 'challenge', nonce, author, content, id, inFull: form === 2 }
      }
      const bytes = utf8(content)
      if (form === 1) return { type: 'answer', nonce, proof: bytes.subarray(0, 32) }
      return { type: 'shown', nonce, symbol: { id, bytes, proof: bytes.subarray(0, 40) } }
    }),
    { encode: encodePossession, decode: decodePossession },
  )
})

describe('what the ancestor says', () => {
  law(
    'witness',
    record({
      peerId: text,
      epoch: u64,
      merkleRoot: digest,
      leafCount: uint,
      namespaces: texts,
      observedAtMs: u64,
    }),
    { encode: ciris.witnessPreimage, decode: ciris.readWitness },
  )
  law<ciris.SignedClaim>(
    'claim',
    pairOf(
      record({
        kind: text,
        signerPeerId: text,
        claim: bytesOf(5),
        signedAtMs: u64,
        version: wholeNumber(0, 65_535),
      }),
      listOf(text, 3),
    ).map(([claim, [userOwner, delegatesTo, identityOccurrence]]) => ({
      ...claim,
      ...(userOwner === undefined ? {} : { userOwner }),
      ...(delegatesTo === undefined ? {} : { delegatesTo }),
      ...(identityOccurrence === undefined ? {} : { identityOccurrence }),
    })),
    { encode: ciris.claimPreimage, decode: ciris.readClaim },
  )
  law(
    'holding claim',
    record({
      peerId: text,
      contentId: text,
      symbolIds: numbers,
      observedAtMs: u64.map((number) => number / 2n),
    }),
    { encode: ciris.holdingPreimage, decode: ciris.readHoldingClaim },
  )
  law(
    'compress request',
    record({
      peerId: text,
      contentId: text,
      evictingLow: uint,
      evictingHigh: uint,
      deadlineMs: u64.map((number) => -number / 2n),
    }),
    { encode: ciris.compressPreimage, decode: ciris.readCompressRequest },
  )
  law(
    'aggregation meta',
    pairOf(
      record({
        contentId: text,
        corpusKind: text,
        tier: uint,
        algorithmId: text,
        sourceCount: uint,
        memberCommitment: digest,
        noiseFloor: text,
      }),
      pairOf(wholeNumber(1, 3), pairOf(uint, digest)),
    ).map(([meta, [version, [effectiveCount, massCommitment]]]): ciris.AggregationMeta => {
      if (version === 1) return { ...meta, added: { version } }
      if (version === 2) return { ...meta, added: { version, effectiveCount } }
      const maxMultiplicity = effectiveCount >> 1
      return {
        ...meta,
        added: { version: 3, effectiveCount, maxMultiplicity, massCommitment },
      }
    }),
    { encode: ciris.aggregationPreimage, decode: ciris.readAggregationMeta },
  )
  law(
    'storage budget',
    record({
      nodeId: text,
      epochId: text,
      revision: u64,
      scopes: rising(
        listOf(
          record({ scope: text, budgetBytes: u64, pinReserveBytes: u64 }).map((one) => ({
            ...one,
            pinReserveBytes: one.pinReserveBytes % (one.budgetBytes + 1n),
          })),
          4,
        ),
        ({ scope }) => scope,
      ),
      classes: texts,
    }),
    { encode: ciris.storageBudgetPreimage, decode: ciris.readStorageBudget },
  )
  law(
    'corpus want',
    record({
      nodeId: text,
      epochId: text,
      scope: text,
      sizeCapBytes: u64,
      remainingBytes: u64,
      want: texts,
    }),
    { encode: ciris.corpusWantPreimage, decode: ciris.readCorpusWant },
  )
})

it('texts are in the order of their bytes', () => {
  forAll(pairOf(text, text), ([a, b]) => {
    expect(Math.sign(compareText(a, b))).toBe(Math.sign(compareBytes(utf8(a), utf8(b))))
  })
  // By UTF-16 units it would be the other way round.
  expect(sortedTexts(['\u{1f600}', '\uffff'])).toEqual(['\uffff', '\u{1f600}'])
})
