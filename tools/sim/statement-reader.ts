/** Statements of a simulated network: signed and checked with test signatures, and each read once for all peers. */
import type { SignatureScheme } from '@kithnet/identity'
import type { TestKeys, testScheme } from '@kithnet/testkit'
import type { AnyHeld } from '../../packages/holonomic/src/statements/held.ts'
import type { StatementBook } from '../../packages/holonomic/src/statements/statement-book.ts'
import {
  type Claimed,
  readItem,
  type StatementItem,
  verifyItemSync,
} from '../../packages/holonomic/src/statements/statement-item.ts'

/** Who reads or signs: its keys, and the keys that it knows. */
export interface StatementSide {
  readonly keys: TestKeys
  readonly book: StatementBook
}

/** Reads, checks and signs. What bytes say is the same for everybody, so it is kept by their identity. */
export class StatementReader {
  readonly #scheme: ReturnType<typeof testScheme>
  readonly #claims = new WeakMap<Uint8Array, Claimed>()
  readonly #verdicts = new WeakMap<Uint8Array, AnyHeld>()

  constructor(scheme: ReturnType<typeof testScheme>) {
    this.#scheme = scheme
  }

  sign(side: StatementSide, kind: 'checkpoint' | 'cosignature', body: Uint8Array): AnyHeld {
    const { keys } = side
    const signature = this.#scheme.signSync(keys.secretKey, kind, body)
    return this.verify(this.claim({ kind, body, signature }), [keys.publicKey], side)
  }

  /** What an item says. Peers share the bytes by reference. */
  claim(item: StatementItem): Claimed {
    const known = this.#claims.get(item.body)
    if (known !== undefined) return known
    const read = readItem(item)
    if (!read.ok) throw new Error(read.fault.code)
    this.#claims.set(item.body, read.value)
    return read.value
  }

  verify(claimed: Claimed, keys: readonly Uint8Array[], side: StatementSide): AnyHeld {
    const { body } = claimed.item
    const known = this.#verdicts.get(body)
    if (known !== undefined) return known
    const testing = this.#scheme as unknown as SignatureScheme
    const own = side.book.keyOf(claimed.signer)
    for (const key of [...keys, ...(own === undefined ? [] : [own]), new Uint8Array(0)]) {
      const held = verifyItemSync(claimed, key, testing)
      if (!held.ok) continue
      this.#verdicts.set(body, held.value)
      this.#verdicts.set(held.value.body, held.value)
      return held.value
    }
    throw new Error('what honest peers pass on is signed')
  }
}
