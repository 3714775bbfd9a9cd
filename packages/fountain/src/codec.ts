import { BoundedMap } from '@kithnet/kernel'
import { blockCode, type BlockCode } from './block-code.ts'
import { type Plan, planFor } from './plan.ts'
import { ScriptKernels } from './script-kernels.ts'
import { selectKernels } from './select-kernels.ts'
import { type Combination, type Task, Workspace } from './workspace.ts'

/** Plans for encoding that are kept. Source: our choice; one of K = 1,000 has 150 KB, of 56,403 some 9 MB. */
const maxCachedPlans = 8

/**
 * What encoders and decoders compute with: a memory that they take turns in, and the plans of encoding, which depend on
 * the number of symbols alone and are kept.
 */
export class Codec {
  readonly #workspace: Workspace
  readonly #plans = new BoundedMap<number, Plan>(maxCachedPlans)

  #last: { readonly ids: Int32Array; readonly plan: Plan } | undefined

  /** @param kernels which code does the arithmetic; by default WebAssembly where the host has it. */
  constructor(kernels?: 'js') {
    this.#workspace = new Workspace(kernels === 'js' ? new ScriptKernels() : selectKernels())
  }

  /** What does the arithmetic. */
  get kernels(): 'wasm' | 'js' {
    return this.#workspace.kernels
  }

  /** How to encode a block of this code: a plan for all its source symbols. */
  encodingPlan(code: BlockCode): Plan {
    const known = this.#plans.get(code.padded)
    if (known !== undefined) return known
    const ids = Int32Array.from({ length: code.padded }, (_, id) => id)
    const plan = planFor(blockCode(code.padded), ids)
    if (plan === undefined) throw new Error('a systematic matrix is not regular')
    this.#plans.set(code.padded, plan)
    return plan
  }

  /** How to decode from these symbols, if they are sufficient. The blocks of a content often lack the same ones. */
  decodingPlan(code: BlockCode, ids: Int32Array): Plan | undefined {
    const last = this.#last
    if (last?.plan.code.padded === code.padded && equalWords(last.ids, ids)) return last.plan
    const plan = planFor(code, ids)
    if (plan !== undefined) this.#last = { ids, plan }
    return plan
  }

  /** Does what a plan says. */
  solve(task: Task): void {
    this.#workspace.solve(task)
  }

  /** Encoding symbols from intermediate ones. */
  combine(task: Combination): void {
    this.#workspace.combine(task)
  }
}

let shared: Codec | undefined

/** The codec that is used where none is given. */
export function sharedCodec(): Codec {
  shared ??= new Codec()
  return shared
}

function equalWords(one: Int32Array, other: Int32Array): boolean {
  return one.length === other.length && one.every((word, index) => word === other[index])
}
