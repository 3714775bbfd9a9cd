import type { BlockCode } from './block-code.ts'
import { firstAddress, type Kernels } from './kernels.ts'
import { ltSources, maxLtSources } from './lt-symbols.ts'
import { power } from './octets.ts'
import type { Plan } from './plan.ts'

/** What is solved, and what is to come of it. Symbols are `symbolBytes` long. */
export interface Task {
  readonly plan: Plan
  readonly symbolBytes: number
  /** The encoding symbol with the `index`-th id of the plan; `undefined` is all zeros. */
  symbol(index: number): Uint8Array | undefined
  /** Gets all intermediate symbols one after the other. */
  readonly intermediate?: Uint8Array
  /** Encoding symbols to compute, by internal id. */
  readonly ids?: Int32Array
  /** Gets part of the symbol with the `index`-th of `ids`, the bytes from `from` on: a view for the time of the call. */
  encoded?(index: number, from: number, bytes: Uint8Array): void
}

/** Encoding symbols from intermediate ones. */
export interface Combination {
  readonly code: BlockCode
  readonly symbolBytes: number
  /** All intermediate symbols one after the other. */
  readonly intermediate: Uint8Array
  /** Internal ids. */
  readonly ids: Int32Array
  /** As for {@link Task}. */
  encoded(index: number, from: number, bytes: Uint8Array): void
}

/**
 * How much of the memory holds symbols at once. Longer blocks are done strip by strip of all symbols, so the memory
 * does not grow with the block. Source: our choice, ADR 25; two strips of 16 bytes of the largest block are 1.8 MB.
 */
const placesBytes = 12 * 1024 * 1024
/** What one pass touches should stay in the cache of a core. Source: measured, ADR 25. */
const passBytes = 1024 * 1024

/** Does what plans say, with the kernels given. One at a time. */
export class Workspace {
  readonly #kernels: Kernels

  constructor(kernels: Kernels) {
    this.#kernels = kernels
  }

  /** Which kernels it uses. */
  get kernels(): Kernels['name'] {
    return this.#kernels.name
  }

  /** Solves for the intermediate symbols and writes what was asked for. */
  solve(task: Task): void {
    const { plan, symbolBytes } = task
    const strip = stripBytes(plan.places, symbolBytes)
    const ids = task.ids ?? new Int32Array(0)
    const layout = layoutOf(plan, strip, ids.length)
    this.#kernels.reserve(layout.end)
    const words = new Int32Array(
      this.#kernels.bytes.buffer,
      layout.sources,
      plan.sources.length + ids.length * maxLtSources,
    )
    words.set(plan.sources)
    const sums = encodedSums(plan.code, ids, words, plan.sources.length, plan.placeOfColumn)
    for (let from = 0; from < symbolBytes; from += strip) {
      const length = Math.min(strip, symbolBytes - from)
      this.#fill(task, layout, from, length)
      for (let offset = 0; offset < length; offset += layout.pass) {
        this.#pass(plan, layout, offset, Math.min(layout.pass, (length - offset + 15) & ~15))
      }
      this.#copyOut(task, layout, from, length)
      this.#encode(task, layout, sums, from, length)
    }
  }

  /** Computes encoding symbols from intermediate ones. */
  combine(task: Combination): void {
    const { code, symbolBytes, intermediate, ids } = task
    const strip = stripBytes(code.l, symbolBytes)
    const stride = (strip + 15) & ~15
    const sources = firstAddress
    const aside = sources + ((4 * ids.length * maxLtSources + 63) & ~63)
    const places = aside + stride
    this.#kernels.reserve(places + code.l * stride)
    const { bytes } = this.#kernels
    const words = new Int32Array(bytes.buffer, sources, ids.length * maxLtSources)
    const sums = encodedSums(code, ids, words, 0)
    for (let from = 0; from < symbolBytes; from += strip) {
      const length = Math.min(strip, symbolBytes - from)
      if (stride === symbolBytes) bytes.set(intermediate, places)
      else {
        for (let column = 0; column < code.l; column++) {
          const start = column * symbolBytes + from
          bytes.set(intermediate.subarray(start, start + length), places + column * stride)
        }
      }
      this.#encode(task, { sources, aside, places, stride }, sums, from, length)
    }
  }

  #fill({ plan, symbol }: Task, layout: Layout, from: number, length: number): void {
    const { bytes } = this.#kernels
    const dense = plan.code.s + plan.code.h
    bytes.fill(0, layout.zeros, layout.zeros + layout.pass)
    bytes.fill(0, layout.places, layout.places + dense * layout.stride)
    for (let index = 0; dense + index < plan.places; index++) {
      const at = layout.places + (dense + index) * layout.stride
      const whole = symbol(index)
      if (whole === undefined) bytes.fill(0, at, at + layout.stride)
      else if (whole.length === length) bytes.set(whole, at)
      else bytes.set(whole.subarray(from, from + length), at)
    }
  }

  #pass(plan: Plan, layout: Layout, offset: number, length: number): void {
    const kernels = this.#kernels
    const { sources, aside, pass, stride } = layout
    const places = layout.places + offset
    const { forward, residual } = plan
    for (let at = 0, target = aside; at < forward.length; at += 3, target += pass) {
      const place = places + forward[at]! * stride
      const first = sources + 4 * forward[at + 1]!
      kernels.sum(target, place, first, sources + 4 * forward[at + 2]!, aside, pass, length)
    }
    for (let at = 0; at < residual.length; at += 3) {
      const place = places + residual[at]! * stride
      const first = sources + 4 * residual[at + 1]!
      kernels.sum(place, place, first, sources + 4 * residual[at + 2]!, aside, pass, length)
    }
    if (plan.running.length > 0) this.#runHdpc(plan, layout, places, length)
    this.#sumInPlaces(plan.denseForward, layout, places, length)
    const { octetSteps } = plan
    for (let at = 0; at < octetSteps.length; at += 3) {
      const place = places + octetSteps[at]! * stride
      kernels.multiplyAdd(place, places + octetSteps[at + 1]! * stride, octetSteps[at + 2]!, length)
    }
    this.#sumInPlaces(plan.denseBackward, layout, places, length)
    this.#sumInPlaces(plan.backward, layout, places, length)
  }

  #runHdpc(plan: Plan, layout: Layout, places: number, length: number): void {
    const kernels = this.#kernels
    const { aside, zeros, running, pass, stride } = layout
    const { s, h } = plan.code
    const rows = places + s * stride
    const last = plan.running.length - 1
    kernels.bytes.fill(0, running, running + length)
    for (let column = 0; column < last; column++) {
      const pivot = plan.running[column]!
      const added = pivot < 0 ? zeros : aside + pivot * pass
      const first = rows + plan.hdpcPlaces[2 * column]! * stride
      const second = rows + plan.hdpcPlaces[2 * column + 1]! * stride
      kernels.advance(running, added, first, second, length)
    }
    const pivot = plan.running[last]!
    // Nothing is to be added to a row yet: the same row twice is no change.
    kernels.advance(running, pivot < 0 ? zeros : aside + pivot * pass, rows, rows, length)
    for (let row = 0; row < h; row++) {
      kernels.multiplyAdd(rows + row * stride, running, power(row), length)
    }
  }

  #sumInPlaces(sums: Int32Array, layout: Layout, places: number, length: number): void {
    const { sources, stride } = layout
    for (let at = 0; at < sums.length; at += 3) {
      const place = places + sums[at]! * stride
      const first = sources + 4 * sums[at + 1]!
      const end = sources + 4 * sums[at + 2]!
      if (first < end) this.#kernels.sum(place, place, first, end, places, stride, length)
    }
  }

  #copyOut(task: Task, layout: Layout, from: number, length: number): void {
    const { intermediate, plan, symbolBytes } = task
    if (intermediate === undefined) return
    const { bytes } = this.#kernels
    for (let column = 0; column < plan.code.l; column++) {
      const at = layout.places + plan.placeOfColumn[column]! * layout.stride
      intermediate.set(bytes.subarray(at, at + length), column * symbolBytes + from)
    }
  }

  #encode(
    task: Pick<Task, 'encoded'>,
    layout: Pick<Layout, 'sources' | 'aside' | 'places' | 'stride'>,
    sums: Int32Array,
    from: number,
    length: number,
  ): void {
    const { sources, aside, places, stride } = layout
    const padded = (length + 15) & ~15
    for (let index = 0; index + 1 < sums.length; index++) {
      const first = sources + 4 * (sums[index]! + 1)
      const start = places + this.#wordAt(sources + 4 * sums[index]!) * stride
      const end = sources + 4 * sums[index + 1]!
      this.#kernels.sum(aside, start, first, end, places, stride, padded)
      task.encoded?.(index, from, this.#kernels.bytes.subarray(aside, aside + length))
    }
  }

  #wordAt(address: number): number {
    const { bytes } = this.#kernels
    return (
      bytes[address]! |
      (bytes[address + 1]! << 8) |
      (bytes[address + 2]! << 16) |
      (bytes[address + 3]! << 24)
    )
  }
}

/** Where things are in the memory. */
interface Layout {
  readonly sources: number
  readonly zeros: number
  readonly running: number
  /** The forward sums of the pivots, `pass` bytes each. */
  readonly aside: number
  readonly pass: number
  readonly places: number
  readonly stride: number
  readonly end: number
}

function layoutOf(plan: Plan, strip: number, encoded: number): Layout {
  const stride = (strip + 15) & ~15
  const pivots = plan.forward.length / 3
  const pass = Math.min(stride, Math.max(64, Math.floor(passBytes / pivots) & ~63))
  const sources = firstAddress
  const zeros = sources + ((4 * (plan.sources.length + encoded * maxLtSources) + 63) & ~63)
  const running = zeros + pass
  const aside = running + pass
  const places = aside + Math.max(pivots * pass, stride)
  return {
    sources,
    zeros,
    running,
    aside,
    pass,
    places,
    stride,
    end: places + plan.places * stride,
  }
}

/** How much of every symbol is done at once. */
function stripBytes(places: number, symbolBytes: number): number {
  const most = Math.max(64, Math.floor(placesBytes / places) & ~63)
  return Math.min(most, symbolBytes)
}

/**
 * Writes the sources of the symbols asked for into `words` from `at` on: columns, or the places that they are in. Gives where each
 * begins, and where the last ends.
 */
function encodedSums(
  code: BlockCode,
  ids: Int32Array,
  words: Int32Array,
  at: number,
  placeOfColumn?: Int32Array,
): Int32Array {
  const starts = new Int32Array(ids.length + 1)
  let end = at
  for (let index = 0; index < ids.length; index++) {
    starts[index] = end
    const first = end
    end = ltSources(code, ids[index]!, words, end)
    if (placeOfColumn === undefined) continue
    for (let word = first; word < end; word++) words[word] = placeOfColumn[words[word]!]!
  }
  starts[ids.length] = end
  return starts
}
