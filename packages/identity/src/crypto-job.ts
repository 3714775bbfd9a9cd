import type { Bytes } from '@kithnet/kernel'
import type { SlhDsaSet } from './backend.ts'

/** One signature to check. */
export interface VerifyItem {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly context: Uint8Array
  readonly signature: Uint8Array
}

/** What a worker can be asked. Everything in it survives a structured clone. */
export type CryptoJob =
  /** Answered by nothing. The key stays in that worker under its number until forgotten. */
  | { readonly op: 'load'; readonly key: number; readonly seed: Uint8Array }
  | { readonly op: 'forget'; readonly key: number }
  | {
      readonly op: 'sign'
      readonly key: number
      readonly message: Uint8Array
      readonly context: Uint8Array
    }
  | { readonly op: 'verify'; readonly items: readonly VerifyItem[] }
  | { readonly op: 'slh-key-pair'; readonly set: SlhDsaSet; readonly seed: Uint8Array }
  | {
      readonly op: 'slh-sign'
      readonly set: SlhDsaSet
      readonly secretKey: Uint8Array
      readonly message: Uint8Array
      readonly context: Uint8Array
    }
  | ({ readonly op: 'slh-verify'; readonly set: SlhDsaSet } & VerifyItem)

/** The answer to each operation. */
export interface CryptoAnswers {
  readonly load: true
  readonly forget: true
  readonly sign: Bytes
  readonly verify: readonly boolean[]
  readonly 'slh-key-pair': { readonly publicKey: Bytes; readonly secretKey: Bytes }
  readonly 'slh-sign': Bytes
  readonly 'slh-verify': boolean
}

/** What goes to a worker. */
export interface CryptoRequest {
  readonly id: number
  /** Which backend to use: the one that the asking thread has tested. */
  readonly backend: 'node' | 'node+noble' | 'noble'
  readonly job: CryptoJob
}

/** What comes back. `error` is a sentence when the job itself was wrong. */
export type CryptoReply =
  | { readonly id: number; readonly answer: CryptoAnswers[CryptoJob['op']] }
  | { readonly id: number; readonly error: string }
