import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { epochMs, fromHex, seededRng, toHex, utf8 } from '@kithnet/kernel'
import { decodeRecord, encodeRecord, type RecordFields, signableBytes } from '@kithnet/wire'
import { dilithium3, sphincs192f } from '@kithnet/wire/round3'
import { describe, expect, test } from 'vitest'
import { carriedOf, lineOf, memoryRecords, openRecords, verifyRecord } from '@kithnet/dag'

interface Vector {
  readonly name: string
  readonly kind: string
  readonly input: { readonly wire?: string } | undefined
  readonly expect: { readonly wire?: string } | undefined
}

const source = fileURLToPath(
  new URL('../../../../shared/vectors/elara/vectors.json', import.meta.url),
)
const vectors = existsSync(source)
  ? (JSON.parse(readFileSync(source, 'utf8')) as { vectors: Vector[] }).vectors
  : []
const signed = vectors.flatMap(({ name, kind, expect: expected }) =>
  kind === 'signed_record' && expected?.wire !== undefined ? [{ name, wire: expected.wire }] : [],
)

/** What the runtime writes: Dilithium3 of round 3 and, in the better profile, SPHINCS+. */
function written(withSecond: boolean): Uint8Array {
  const keys = dilithium3.keyPair(new Uint8Array(32).fill(7))
  const fields: RecordFields = {
    id: '019506e0-1234-7000-8000-000000000009',
    version: 1,
    contentHash: new Uint8Array(32).fill(3),
    creatorKey: keys.publicKey,
    timestamp: 1_739_712_345.5,
    parents: [],
    classification: 0,
    metadata: new Map([['type', 'note']]),
  }
  const preimage = signableBytes(fields)
  const second = sphincs192f.keyPair(new Uint8Array(72).fill(8))
  const bytes = encodeRecord({
    ...fields,
    signature: dilithium3.sign(keys.secretKey, preimage),
    ...(withSecond ? { sphincsSignature: sphincs192f.sign(second.secretKey, preimage) } : {}),
  })
  if (!bytes.ok) throw new Error(bytes.fault.code)
  return bytes.value
}

describe('records as elara-runtime signs them', () => {
  test('hold in both modes, and in neither when a bit is another', async () => {
    const bytes = written(false)
    const changed = bytes.slice()
    changed[50]! ^= 1
    for (const mode of ['strict', 'compatible'] as const) {
      expect((await verifyRecord(bytes, { mode })).ok).toBe(true)
      expect(await verifyRecord(changed, { mode })).toMatchObject({
        fault: { code: 'dag/bad-signature' },
      })
    }
  })

  test('have their second signature checked where its key is known, and else as was said', async () => {
    const bytes = written(true)
    const { publicKey } = sphincs192f.keyPair(new Uint8Array(72).fill(8))
    const changed = bytes.slice()
    changed[changed.length - 9]! ^= 1
    expect(await verifyRecord(bytes)).toMatchObject({ fault: { code: 'dag/unknown-key' } })
    expect((await verifyRecord(changed, { unknownSecondKey: 'keep' })).ok).toBe(true)
    const known = { secondKeyOf: () => publicKey }
    expect((await verifyRecord(bytes, known)).ok).toBe(true)
    expect(await verifyRecord(changed, known)).toMatchObject({
      fault: { code: 'dag/bad-signature' },
    })
  })

  test('lie beside new ones', async () => {
    await using store = memoryRecords()
    const host = { wall: () => epochMs(1_770_000_000_000), rng: seededRng(1) }
    await using records = await openRecords({ store, host })
    expect(await records.insert(written(false))).toMatchObject({ status: 'inserted' })
    expect(records.size).toBe(1)
  })
})

test.skipIf(signed.length === 0)('foreign signed records hold', async () => {
  for (const { name, wire } of signed) {
    const bytes = fromHex(wire)!
    for (const mode of ['strict', 'compatible'] as const) {
      expect([name, mode, (await verifyRecord(bytes, { mode })).ok]).toEqual([name, mode, true])
    }
    const changed = bytes.slice()
    changed[100]! ^= 1
    expect((await verifyRecord(changed, { mode: 'compatible' })).ok).toBe(false)
  }
})

test.skipIf(vectors.length === 0)('old records give their bytes back from a line', () => {
  let lines = 0
  for (const { name, kind, input } of vectors) {
    if (kind !== 'decode' || input?.wire === undefined) continue
    const bytes = fromHex(input.wire)!
    const line = lineOf({ kind: 'record', bytes }, 'compatible')
    expect([name, line.ok]).toEqual([name, decodeRecord(bytes, 'compatible').ok])
    if (!line.ok) continue
    lines++
    expect(utf8(line.value).includes(0x0a)).toBe(false)
    const back = carriedOf(line.value, 'compatible')
    expect([name, back.ok && toHex(back.value.bytes)]).toEqual([name, input.wire])
  }
  expect(lines).toBeGreaterThan(10)
})
