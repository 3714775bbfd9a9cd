import { createIdentity } from '@kithnet/identity'
import { equalBytes, fromHex, hasCode, toHex, utf8 } from '@kithnet/kernel'
import { readVectors } from '@kithnet/testkit/suite'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Carried,
  carriedOf,
  chainMetadata,
  decodeAttestation,
  decodeEquivocation,
  decodeTreeProof,
  encodeAttestation,
  encodeEquivocation,
  encodeTreeProof,
  lineOf,
  MerkleTree,
  readBundle,
  signDraft,
  treeContent,
  treeMetadata,
  writeBundle,
} from '@kithnet/dag'

const runs = { numRuns: 300 }

/** Well-formed bytes of each kind: what is changed below has to begin near to them. */
const formed = { attestation: '', equivocation: '', tree: '', line: '' }
const decoders = {
  attestation: decodeAttestation,
  equivocation: decodeEquivocation,
  tree: decodeTreeProof,
} as const

beforeAll(async () => {
  const alice = createIdentity(new Uint8Array(32).fill(1))
  const id = '01950f2e-7c1a-7abc-8def-000000000001'
  const place = chainMetadata({ stream: 'a'.repeat(32), seq: 0, prev: undefined })
  const base = { id, timestamp: 1_770_000_000, parents: [], metadata: new Map(place) }
  const tree = new MerkleTree([1, 2, 3].map((one) => Uint8Array.of(one)))
  const statement = { kind: 'readings', size: 3, root: tree.root(), log: '' } as const
  const [one, other, readings] = await Promise.all([
    signDraft({ ...base, content: utf8('one') }, alice),
    signDraft({ ...base, content: utf8('other') }, alice),
    signDraft(
      { ...base, content: treeContent(statement), metadata: new Map(treeMetadata(statement)) },
      alice,
    ),
  ])
  formed.equivocation = toHex(encodeEquivocation(one, other))
  formed.tree = toHex(encodeTreeProof(readings, tree, 1))
  const { input } = readVectors('dag/attestation.json').cases[0]!
  formed.attestation = (input as { readonly attestation: string }).attestation
  const line = lineOf({ kind: 'record', bytes: one.bytes })
  formed.line = line.ok ? line.value : ''
})

const anyBytes = fc.uint8Array({ maxLength: 400 })
const edit = fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), bytes: anyBytes })

function edited(bytes: Uint8Array, place: number, change: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  const at = Math.floor(place * copy.length)
  copy.set(change.subarray(0, copy.length - at), at)
  return copy
}

describe.each(['attestation', 'equivocation', 'tree'] as const)('%s', (kind) => {
  it('of any bytes is a value or a fault', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(decoders[kind](bytes).ok).toBe(false)
      }),
      runs,
    )
  })

  it('that is accepted has no other form', () => {
    fc.assert(
      fc.property(edit, ({ place, bytes }) => {
        const changed = edited(fromHex(formed[kind])!, place, bytes)
        const decoded = decoders[kind](changed)
        if (!decoded.ok) return
        const { value } = decoded
        const again =
          'first' in value
            ? encodeEquivocation(value.first, value.second)
            : 'witnessKey' in value
              ? encodeAttestation(value)
              : changed
        expect(equalBytes(again, changed)).toBe(true)
      }),
      runs,
    )
  })

  it('that is cut is refused', () => {
    const whole = fromHex(formed[kind])!
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(decoders[kind](whole.subarray(0, length)).ok).toBe(false)
      }),
      runs,
    )
  })
})

const entry = fc.record({
  kind: fc.constantFrom<Carried['kind'][]>('record', 'attestation', 'equivocation'),
  bytes: anyBytes,
})

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Uint8Array.from(Buffer.concat(parts))
}

describe('a bundle', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 })

  it('gives what went in, however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), sizes, async (entries, cuts) => {
        const bytes = await all(writeBundle(entries))
        const read: Carried[] = []
        for await (const one of readBundle(chunked(bytes, cuts))) read.push(one)
        expect(read).toEqual(entries)
      }),
      { numRuns: 100 },
    )
  })

  it('that was changed anywhere gives entries that went in, then a fault', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 8 }),
        edit,
        async (entries, { place, bytes }) => {
          const whole = await all(writeBundle(entries))
          const changed = edited(whole, place, bytes)
          if (equalBytes(whole, changed)) return
          const read: Carried[] = []
          try {
            for await (const one of readBundle([changed])) read.push(one)
            expect.unreachable()
          } catch (error) {
            expect(hasCode(error, 'dag/bad-bundle')).toBe(true)
          }
          expect(read).toEqual(entries.slice(0, read.length))
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('a line', () => {
  it('of any text is a value or a fault', () => {
    const texts = fc.oneof(fc.string(), fc.json(), fc.constant('{"kind":"record","bytes":""}'))
    fc.assert(
      fc.property(texts, (text) => {
        expect(carriedOf(text).ok).toBe(false)
      }),
      runs,
    )
  })

  it('that differs in one character is refused, or is the same line', () => {
    const { line } = formed
    fc.assert(
      fc.property(
        fc.nat(line.length - 1),
        fc.string({ unit: 'grapheme', maxLength: 2 }),
        (at, text) => {
          const changed = line.slice(0, at) + text + line.slice(at + 1)
          expect(carriedOf(changed).ok).toBe(changed === line)
        },
      ),
      runs,
    )
  })
})
