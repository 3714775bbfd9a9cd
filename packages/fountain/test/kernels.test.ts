import { createHash } from 'node:crypto'
import { seededRng, shuffled } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { firstAddress, type Kernels } from '../src/kernels.ts'
import { fourTimesAlpha, inverse, power, product } from '../src/octets.ts'
import { ScriptKernels } from '../src/script-kernels.ts'
import { agree, selectKernels } from '../src/select-kernels.ts'
import { kernelModule, WasmKernels } from '../src/wasm-kernels.ts'

/** Multiplication by definition: polynomials over two elements, modulo the RFC's. */
function longProduct(a: number, b: number): number {
  let sum = 0
  for (let bit = 0; bit < 8; bit++) if ((b >>> bit) & 1) sum ^= a << bit
  for (let bit = 14; bit >= 8; bit--) if ((sum >>> bit) & 1) sum ^= 0x11d << (bit - 8)
  return sum
}

test('octets are the field of RFC 6330 section 5.7', () => {
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) {
      if (product(a, b) !== longProduct(a, b)) expect.fail(`${a} times ${b}`)
    }
    if (a > 0) expect(product(a, inverse(a))).toBe(1)
    const word = a | ((a ^ 0xff) << 8) | (0x80 << 16) | (1 << 24)
    const expected = [a, a ^ 0xff, 0x80, 1].map((octet) => longProduct(octet, 2))
    expect([...new Uint8Array(Int32Array.of(fourTimesAlpha(word)).buffer)]).toEqual(expected)
  }
  expect([power(0), power(1), power(8)]).toEqual([1, 2, 0x1d])
})

test('the module is assembled to the same bytes everywhere', () => {
  const module = kernelModule()
  expect(module.length).toMatchInlineSnapshot(`649`)
  expect(createHash('sha256').update(module).digest('hex')).toMatchInlineSnapshot(
    `"033458619544235e363003094c36cbded4aef1f55f92d78fbb95f346062413b5"`,
  )
})

test('both kernels do the same at any length', () => {
  const rng = seededRng('kernels')
  const base = firstAddress + 64
  const [wasm, script] = [new WasmKernels(), new ScriptKernels()] as const
  for (let length = 16; length <= 336; length += 16) {
    const bytes = rng.bytes(10 * length)
    const list = Array.from({ length: 1 + rng.below(9) }, () => 5 + rng.below(5))
    const calls = shuffled(rng, [0, 1, 2, 3, 4])
    const octet = rng.below(256)
    const results = [wasm, script].map((kernels: Kernels) => {
      kernels.reserve(base + bytes.length)
      new Int32Array(kernels.bytes.buffer, firstAddress, list.length).set(list)
      kernels.bytes.set(bytes, base)
      const [a, b, c, d, e] = calls.map((row) => base + row * length) as [
        number,
        number,
        number,
        number,
        number,
      ]
      const end = firstAddress + 4 * list.length
      kernels.sum(a, b, firstAddress, end, base, length, length)
      kernels.sum(b, b, firstAddress, firstAddress, base, length, length)
      kernels.advance(b, c, d, e, length)
      kernels.multiplyAdd(d, a, octet, length)
      kernels.multiplyAdd(e, e, octet, length)
      return kernels.bytes.slice(base, base + bytes.length)
    })
    expect(results[0]).toEqual(results[1])
  }
})

test('WebAssembly is chosen where it works, and only where it agrees', () => {
  expect(selectKernels().name).toBe('wasm')
  class Wrong extends ScriptKernels {
    override multiplyAdd(target: number, added: number, octet: number, length: number): void {
      super.multiplyAdd(target, added, octet === 201 ? 200 : octet, length)
    }
  }
  expect(agree(new ScriptKernels(), new WasmKernels())).toBe(true)
  expect(agree(new ScriptKernels(), new Wrong())).toBe(false)
})

test('a host without WebAssembly, or with a policy against it, gets JavaScript', () => {
  const host = globalThis as { WebAssembly?: unknown }
  const kept = host.WebAssembly
  try {
    host.WebAssembly = undefined
    expect(selectKernels().name).toBe('js')
    host.WebAssembly = {
      Memory: function refused() {
        throw new TypeError('refused by policy')
      },
    }
    expect(selectKernels().name).toBe('js')
  } finally {
    host.WebAssembly = kept
  }
})
