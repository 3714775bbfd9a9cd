import { equalBytes } from '@kithnet/kernel'
import { firstAddress, type Kernels } from './kernels.ts'
import { ScriptKernels } from './script-kernels.ts'
import { WasmKernels } from './wasm-kernels.ts'

/** WebAssembly where the host runs it and it agrees with JavaScript, else JavaScript. */
export function selectKernels(): Kernels {
  try {
    const wasm = new WasmKernels()
    return agree(wasm, new ScriptKernels()) ? wasm : new ScriptKernels()
  } catch {
    // No WebAssembly, no SIMD, or a page whose policy forbids it.
    return new ScriptKernels()
  }
}

const selfTestBytes = 80

/** Whether both do the same to bytes of every value, over lengths with and without a remainder. */
export function agree(one: Kernels, other: Kernels): boolean {
  return equalBytes(selfTest(one), selfTest(other))
}

function selfTest(kernels: Kernels): Uint8Array {
  const rows = 8
  const list = firstAddress
  const base = list + 16
  const end = base + rows * selfTestBytes
  kernels.reserve(end)
  const { bytes } = kernels
  new Int32Array(bytes.buffer, list, 4).set([3, 0, 6, 5])
  for (let at = base; at < end; at++) bytes[at] = Math.imul(at, 0x9e37_79b1) >>> 17
  const row = (index: number): number => base + index * selfTestBytes
  kernels.sum(row(1), row(2), list, list + 16, base, selfTestBytes, selfTestBytes)
  kernels.sum(row(4), row(4), list, list + 4, base, selfTestBytes, selfTestBytes)
  kernels.advance(row(7), row(1), row(3), row(5), selfTestBytes)
  for (let octet = 0; octet < 256; octet++) {
    kernels.multiplyAdd(row(octet % 3), row(3 + (octet % 5)), octet, selfTestBytes)
  }
  return bytes.slice(base, end)
}
