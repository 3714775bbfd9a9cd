/**
 * Writes WebAssembly modules of functions on one imported memory: as much of the format as our kernels need.
 *
 * Source: WebAssembly core specification 2.0, chapter 5 (binary format); opcodes from its index of instructions.
 */

/** Instructions, or whole sections, as bytes. */
export type Bytecode = readonly number[]

/** A function without result: `params` numbers of 32 bits come in, `numbers` and `vectors` are its own variables. */
export interface WasmFunction {
  readonly name: string
  readonly params: number
  readonly numbers: number
  readonly vectors: number
  readonly body: readonly Bytecode[]
}

const i32 = 0x7f
const v128 = 0x7b

/** The bytes of a module that imports `env.memory` and exports the functions. */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ params }) => [
    0x60,
    ...list(Array.from({ length: params }, () => [i32])),
    0,
  ])
  const memory = [...text('env'), ...text('memory'), 2, 0, 1]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([memory])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list(functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]))),
    ...section(10, list(functions.map(functionBody))),
  ])
}

function functionBody({ numbers, vectors, body }: WasmFunction): Bytecode {
  const locals = list([
    [...unsigned(numbers), i32],
    [...unsigned(vectors), v128],
  ])
  const code = [...locals, ...body.flat(), 0x0b]
  return [...unsigned(code.length), ...code]
}

/** The value of a variable. */
export function get(variable: number): Bytecode {
  return [0x20, ...unsigned(variable)]
}

/** Puts a value into a variable. */
export function set(variable: number, value: Bytecode): Bytecode {
  return [...value, 0x21, ...unsigned(variable)]
}

/** A number of 32 bits. */
export function number(value: number): Bytecode {
  return [0x41, ...signed(value)]
}

export function add(a: Bytecode, b: Bytecode): Bytecode {
  return [...a, ...b, 0x6a]
}

export function multiply(a: Bytecode, b: Bytecode): Bytecode {
  return [...a, ...b, 0x6c]
}

/** One when a is not above b, both without sign. */
export function atMost(a: Bytecode, b: Bytecode): Bytecode {
  return [...a, ...b, 0x4d]
}

/** One when a is below b, both without sign. */
export function below(a: Bytecode, b: Bytecode): Bytecode {
  return [...a, ...b, 0x49]
}

/** Repeats the body as long as the condition is not zero. */
export function during(condition: Bytecode, ...body: readonly Bytecode[]): Bytecode {
  const leave = [...condition, 0x45, 0x0d, 1]
  return [0x02, 0x40, 0x03, 0x40, ...leave, ...body.flat(), 0x0c, 0, 0x0b, 0x0b]
}

/** The number at an address. */
export function loadNumber(address: Bytecode): Bytecode {
  return [...address, 0x28, 2, 0]
}

/** Sixteen bytes at an address plus an offset. */
export function load(address: Bytecode, offset = 0): Bytecode {
  return [...address, ...simd(0x00), 4, ...unsigned(offset)]
}

/** Writes sixteen bytes. */
export function store(address: Bytecode, value: Bytecode, offset = 0): Bytecode {
  return [...address, ...value, ...simd(0x0b), 4, ...unsigned(offset)]
}

/** A byte, sixteen times. */
export function splat(value: Bytecode): Bytecode {
  return [...value, ...simd(0x0f)]
}

export function xor(a: Bytecode, b: Bytecode): Bytecode {
  return [...a, ...b, ...simd(0x51)]
}

export function and(a: Bytecode, b: Bytecode): Bytecode {
  return [...a, ...b, ...simd(0x4e)]
}

/** For each byte of `indexes` the byte of `table` there, zero where the index is above 15. */
export function lookUp(table: Bytecode, indexes: Bytecode): Bytecode {
  return [...table, ...indexes, ...simd(0x0e)]
}

/** Each byte moved up by some bits. */
export function shiftUp(value: Bytecode, bits: number): Bytecode {
  return [...value, ...number(bits), ...simd(0x6b)]
}

/** Each byte moved down by some bits, its highest bit repeated. */
export function shiftDownSigned(value: Bytecode, bits: number): Bytecode {
  return [...value, ...number(bits), ...simd(0x6c)]
}

/** Each byte moved down by some bits, zeros following. */
export function shiftDown(value: Bytecode, bits: number): Bytecode {
  return [...value, ...number(bits), ...simd(0x6d)]
}

function simd(opcode: number): Bytecode {
  return [0xfd, ...unsigned(opcode)]
}

function section(id: number, content: Bytecode): Bytecode {
  return [id, ...unsigned(content.length), ...content]
}

function list(items: readonly Bytecode[]): Bytecode {
  return [...unsigned(items.length), ...items.flat()]
}

/** A name of ASCII letters. */
function text(name: string): Bytecode {
  return list(Array.from(name, (letter) => [letter.charCodeAt(0)]))
}

function unsigned(value: number): Bytecode {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...bytes, rest]
}

function signed(value: number): Bytecode {
  const bytes: number[] = []
  let rest = value
  while (rest < -64 || rest > 63) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return [...bytes, rest & 0x7f]
}
