/** The one working fountain code in the npm registry: the Rust crate `raptorq` as WebAssembly, without SIMD. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

type RaptorqModule = Pick<typeof import('raptorq/raptorq.js'), 'Encoder' | 'Decoder'>

/** The package, or `undefined` where the other stacks are not installed. */
export async function loadRaptorq(): Promise<RaptorqModule | undefined> {
  try {
    const loaded = await import('raptorq/raptorq.js')
    loaded.initSync(readFileSync(fileURLToPath(import.meta.resolve('raptorq/raptorq_bg.wasm'))))
    return loaded
  } catch {
    return undefined
  }
}

/** Milliseconds of a clock that it takes to encode an object as one block, and to decode it with 30 % of its symbols lost. */
export function timeRaptorq(
  { Encoder, Decoder }: RaptorqModule,
  object: Uint8Array,
  symbolBytes: number,
  nowMs: () => number,
): { readonly encodeMs: number; readonly decodeMs: number } {
  const symbols = object.length / symbolBytes
  const begun = nowMs()
  const encoder = Encoder.with_defaults(object, symbolBytes)
  const encodeMs = nowMs() - begun
  const packets = encoder.encode(Math.ceil(0.3 * symbols) + 2)
  encoder.free()
  const received = packets.filter((_, index) => index >= symbols || index % 10 >= 3)
  const decoder = Decoder.with_defaults(BigInt(object.length), symbolBytes)
  const started = nowMs()
  let decoded: Uint8Array | undefined
  for (const packet of received) {
    decoded = decoder.decode(packet)
    if (decoded !== undefined) break
  }
  const decodeMs = nowMs() - started
  if (decoded?.length !== object.length) throw new Error('raptorq did not decode')
  return { encodeMs, decodeMs }
}
