import { BlockDecoder } from './block-decoder.ts'
import { blockCode } from './block-code.ts'
import { type Codec, sharedCodec } from './codec.ts'

/** Encoding symbols of one block, one after the other in the order of their ids. */
export interface EncodeJob {
  readonly op: 'encode'
  readonly block: Uint8Array<ArrayBuffer>
  readonly symbolBytes: number
  readonly ids: readonly number[]
}

/** A block from encoding symbols, one after the other in the order of their ids. */
export interface DecodeJob {
  readonly op: 'decode'
  readonly sourceSymbols: number
  readonly symbolBytes: number
  readonly ids: readonly number[]
  readonly symbols: Uint8Array<ArrayBuffer>
}

export type BlockJob = EncodeJob | DecodeJob

/** Symbols, or a block, or `undefined` when the symbols do not determine it. */
export type BlockAnswer = Uint8Array<ArrayBuffer> | undefined

/** Does a job on this thread. */
export function doJob(job: BlockJob, codec: Codec = sharedCodec()): BlockAnswer {
  return job.op === 'encode' ? encode(job, codec) : decode(job, codec)
}

function encode({ block, symbolBytes, ids }: EncodeJob, codec: Codec): BlockAnswer {
  const code = blockCode(Math.ceil(block.length / symbolBytes))
  const symbols = new Uint8Array(ids.length * symbolBytes)
  const source = (id: number): Uint8Array =>
    block.subarray(id * symbolBytes, (id + 1) * symbolBytes)
  const repair: number[] = []
  for (const [index, id] of ids.entries()) {
    if (id < code.sourceSymbols) symbols.set(source(id), index * symbolBytes)
    else repair.push(index)
  }
  if (repair.length === 0) return symbols
  const last = new Uint8Array(symbolBytes)
  last.set(source(code.sourceSymbols - 1))
  codec.solve({
    plan: codec.encodingPlan(code),
    symbolBytes,
    symbol: (index) =>
      index < code.sourceSymbols - 1
        ? source(index)
        : index === code.sourceSymbols - 1
          ? last
          : undefined,
    ids: Int32Array.from(repair, (index) => ids[index]! - code.sourceSymbols + code.padded),
    encoded: (index, from, bytes) => symbols.set(bytes, repair[index]! * symbolBytes + from),
  })
  return symbols
}

function decode(job: DecodeJob, codec: Codec): BlockAnswer {
  const { sourceSymbols, symbolBytes, ids, symbols } = job
  const decoder = new BlockDecoder(sourceSymbols, symbolBytes, codec)
  for (const [index, id] of ids.entries()) {
    if (decoder.complete) break
    decoder.add(id, symbols.subarray(index * symbolBytes, (index + 1) * symbolBytes))
  }
  return decoder.complete ? decoder.block : undefined
}
