import { assert } from '@kithnet/kernel'
import type { Kernels } from './kernels.ts'
import { nibbleProducts } from './octets.ts'
import {
  add,
  and,
  atMost,
  below,
  type Bytecode,
  during,
  get,
  load,
  loadNumber,
  lookUp,
  multiply,
  number,
  set,
  shiftDown,
  shiftDownSigned,
  shiftUp,
  splat,
  store,
  type WasmFunction,
  wasmModule,
  xor,
} from './wasm-assembler.ts'

/** What this package needs of the host's WebAssembly; the language's own library does not declare it. */
interface WasmHost {
  readonly Memory: new (limits: { readonly initial: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: unknown }
}

interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

type Exports = Pick<Kernels, 'sum' | 'advance' | 'multiplyAdd'>

const pageBytes = 65_536

/** The kernels as WebAssembly with SIMD, assembled here when first needed: what runs is what is written below. */
export class WasmKernels implements Kernels {
  readonly name = 'wasm'
  bytes: Uint8Array
  readonly #memory: WasmMemory
  readonly #exports: Exports

  /** Throws whatever the host throws when it has no WebAssembly, no SIMD, or a policy against either. */
  constructor() {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WasmHost }
    assert(WebAssembly !== undefined, 'the host has WebAssembly')
    this.#memory = new WebAssembly.Memory({ initial: 1 })
    const instance = new WebAssembly.Instance(new WebAssembly.Module(kernelModule()), {
      env: { memory: this.#memory },
    })
    this.#exports = instance.exports as Exports
    this.bytes = new Uint8Array(this.#memory.buffer)
    this.bytes.set(nibbleProducts())
  }

  reserve(length: number): void {
    if (length <= this.bytes.length) return
    this.#memory.grow(Math.ceil((length - this.bytes.length) / pageBytes))
    this.bytes = new Uint8Array(this.#memory.buffer)
  }

  sum(
    target: number,
    start: number,
    list: number,
    end: number,
    base: number,
    stride: number,
    length: number,
  ): void {
    this.#exports.sum(target, start, list, end, base, stride, length)
  }

  advance(running: number, added: number, row: number, other: number, length: number): void {
    this.#exports.advance(running, added, row, other, length)
  }

  multiplyAdd(target: number, added: number, octet: number, length: number): void {
    this.#exports.multiplyAdd(target, added, octet, length)
  }
}

/** The bytes of the module. */
export function kernelModule(): Uint8Array<ArrayBuffer> {
  return wasmModule([sumFunction(), advanceFunction(), multiplyAddFunction()])
}

function sumFunction(): WasmFunction {
  const [target, start, list, end, base, stride, length] = [0, 1, 2, 3, 4, 5, 6]
  const [offset, next, source] = [7, 8, 9]
  const vectors = [10, 11, 12, 13]
  /** The sum of as many vectors at `offset`, which moves on by them. */
  const strip = (used: readonly number[]): Bytecode =>
    during(
      atMost(add(get(offset), number(16 * used.length)), get(length)),
      set(source, add(get(start), get(offset))),
      ...used.map((vector, index) => set(vector, load(get(source), 16 * index))),
      set(next, get(list)),
      during(
        below(get(next), get(end)),
        set(source, add(add(get(base), get(offset)), multiply(loadNumber(get(next)), get(stride)))),
        ...used.map((vector, index) =>
          set(vector, xor(get(vector), load(get(source), 16 * index))),
        ),
        set(next, add(get(next), number(4))),
      ),
      set(source, add(get(target), get(offset))),
      ...used.map((vector, index) => store(get(source), get(vector), 16 * index)),
      set(offset, add(get(offset), number(16 * used.length))),
    )
  const body = [strip(vectors), strip(vectors.slice(0, 1))]
  return { name: 'sum', params: 7, numbers: 3, vectors: vectors.length, body }
}

function advanceFunction(): WasmFunction {
  const [running, added, row, other, length] = [0, 1, 2, 3, 4]
  const [offset, octets] = [5, 6]
  const at = (start: number): Bytecode => add(get(start), get(offset))
  // Twice each byte; where its highest bit goes over, the rest of the polynomial is taken off.
  const overflow = and(shiftDownSigned(get(octets), 7), splat(number(0x1d)))
  const body = [
    during(
      below(get(offset), get(length)),
      set(octets, load(at(running))),
      set(octets, xor(xor(shiftUp(get(octets), 1), overflow), load(at(added)))),
      store(at(running), get(octets)),
      store(at(row), xor(load(at(row)), get(octets))),
      store(at(other), xor(load(at(other)), get(octets))),
      set(offset, add(get(offset), number(16))),
    ),
  ]
  return { name: 'advance', params: 5, numbers: 1, vectors: 1, body }
}

function multiplyAddFunction(): WasmFunction {
  const [target, added, octet, length] = [0, 1, 2, 3]
  const [offset, low, high, factors] = [4, 5, 6, 7]
  const table = multiply(get(octet), number(32))
  const at = (start: number): Bytecode => add(get(start), get(offset))
  const products = xor(
    lookUp(get(low), and(get(factors), splat(number(15)))),
    lookUp(get(high), shiftDown(get(factors), 4)),
  )
  const body = [
    set(low, load(table)),
    set(high, load(table, 16)),
    during(
      below(get(offset), get(length)),
      set(factors, load(at(added))),
      store(at(target), xor(load(at(target)), products)),
      set(offset, add(get(offset), number(16))),
    ),
  ]
  return { name: 'multiplyAdd', params: 4, numbers: 1, vectors: 3, body }
}
