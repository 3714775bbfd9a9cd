import { type CborValue, decodeCbor, encodeCbor, scan } from '@kithnet/types'
import { Decoder, Encoder } from 'cbor-x'
import { atMost, type Benchmark, judge } from '../report.ts'

/** Canonical CBOR beside bare cbor-x, on a gossip message of 11 fields, 1 KB of payload and a signature: 4.5 KB. */
export const benchmark: Benchmark = {
  id: 'codec',
  title: 'scan, decode and encode a 4.5 KB message; hostile input',
  run: async ({ quick, progress }) => {
    const rounds = quick ? 7 : 15
    const messages = Array.from({ length: 64 }, (_, index) => message(index))
    const encoded = messages.map((one) => encodeCbor(one))
    const encoder = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true })
    const decoder = new Decoder({ useRecords: false })
    progress('timing in turns')
    const names = ['scan', 'decode', 'encode', 'bareDecode', 'bareEncode'] as const
    const work: Readonly<Record<(typeof names)[number], (index: number) => unknown>> = {
      scan: (index) => scan(encoded[index]!, 'signed'),
      decode: (index) => decodeCbor(encoded[index]!),
      encode: (index) => encodeCbor(messages[index]!),
      bareDecode: (index) => decoder.decode(encoded[index]!),
      bareEncode: (index) => encoder.encode(messages[index]!),
    }
    const samples = Object.fromEntries(names.map((name) => [name, [] as number[]]))
    for (let round = 0; round < rounds + 2; round++) {
      for (const name of names) {
        const us = microseconds(work[name], quick ? 20_000 : 100_000)
        // The first two rounds warm the compiler.
        if (round > 1) samples[name]!.push(us)
      }
    }
    const us = (name: (typeof names)[number]): number => median(samples[name]!)
    const figures = {
      bytes: encoded[0]!.length,
      scanUs: us('scan'),
      scanAndDecodeUs: us('decode'),
      encodeUs: us('encode'),
      decodeToBareCborX: us('decode') / us('bareDecode'),
      encodeToBareCborX: us('encode') / us('bareEncode'),
      hostile100KbUs: hostileUs(),
    }
    return judge({
      id: 'codec',
      seeds: rounds,
      figures,
      threshold: {
        scanAndDecodeUs: { match: atMost(1), beat: null },
        hostile100KbUs: { match: atMost(1000), beat: null },
        encodeToBareCborX: { match: null, beat: atMost(1) },
      },
    })
  },
}

function message(index: number): readonly CborValue[] {
  const id = (salt: number): Uint8Array => new Uint8Array(32).fill((index * 7 + salt) % 256)
  const hlc = 1_760_000_000_000 + index
  const payload = new Uint8Array(1024).fill(index)
  const signature = new Uint8Array(3309).fill(index + 1)
  return [
    1,
    id(1),
    id(2),
    new Uint8Array(16).fill(index),
    id(3),
    index,
    id(4),
    hlc,
    payload,
    signature,
    null,
  ]
}

/** The slowest of the inputs that hurt an unguarded decoder: nesting, a bignum, a huge count. */
function hostileUs(): number {
  const nested = new Uint8Array(100_000).fill(0x81)
  const bignum = new Uint8Array(100_000)
  bignum.set([0xc2, 0x5a, 0x00, 0x01, 0x86, 0x9a])
  const huge = Uint8Array.from([0x9a, 0xff, 0xff, 0xff, 0xff, 0x00])
  const times = [nested, bignum, huge].map((bytes) => {
    const begin = performance.now()
    if (decodeCbor(bytes, 'payload').ok) throw new Error('hostile bytes were accepted')
    return (performance.now() - begin) * 1000
  })
  return Math.max(...times)
}

let sink: unknown

function microseconds(work: (index: number) => unknown, times: number): number {
  const begin = performance.now()
  for (let index = 0; index < times; index++) sink = work(index & 63)
  void sink
  return ((performance.now() - begin) * 1000) / times
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
}
