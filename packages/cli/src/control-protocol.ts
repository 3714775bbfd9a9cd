import type { Guarantee, Payload, PeerId } from 'kithnet'
import type { HolonomicRequest } from './holonomic-protocol.ts'

/** What a command asks of a running node; one JSON text a line, each with an `id` of the caller's choice. */
export type ControlRequest =
  | { readonly method: 'status' }
  | { readonly method: 'peers' }
  | { readonly method: 'ticket' }
  | { readonly method: 'join'; readonly ticket: string }
  | { readonly method: 'topics' }
  | {
      readonly method: 'publish'
      readonly topic: string
      readonly value: Payload
      readonly until?: 'queued' | 'sent' | 'acknowledged'
      readonly delivery?: Guarantee
      /** Who is to confirm it. */
      readonly receipts?: { readonly from: readonly PeerId[]; readonly timeoutMs?: number }
    }
  /** Answered by a result once subscribed, then by an event a message until the connection ends. */
  | {
      readonly method: 'subscribe'
      readonly topic: string
      readonly delivery?: Guarantee
      readonly since?: 'start' | 'last-seen'
      readonly own?: boolean
    }
  /** Answered likewise, by what the node tells its listeners. */
  | { readonly method: 'watch' }
  | { readonly method: 'stop' }
  | HolonomicRequest

/** A line from the node. */
export type ControlReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly id: number; readonly event: unknown }

/** A message as a subscriber gets it. Bytes are base64 under `$bytes`. */
export interface ControlMessage {
  readonly id: string
  readonly author: string
  readonly value: unknown
  readonly at: number
  readonly seq: number
  readonly late: boolean
  /** When the node delivered it, in milliseconds since 1970 with fractions. */
  readonly receivedMs: number
}

/** Longest line in UTF-16 units. Source: a payload of 1 MiB in base64, and room. */
export const maxLineLength = 2_000_000

/** Splits a byte stream of UTF-8 lines; calls back for each; false once a line is too long. */
export class LineReader {
  #rest = ''
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(text: string): boolean {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) if (line !== '') this.#onLine(line)
    return this.#rest.length <= maxLineLength
  }
}

/** A payload as JSON can carry it: bytes become `{ "$bytes": base64 }`. */
export function toJson(value: Payload): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return (value as readonly Payload[]).map(toJson)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toJson(one)]))
  }
  return value
}

/** The payload of a JSON value. */
export function fromJson(value: unknown): Payload {
  if (Array.isArray(value)) return value.map(fromJson)
  if (typeof value !== 'object' || value === null) return value as Payload
  const entries = Object.entries(value)
  const [first] = entries
  if (entries.length === 1 && first?.[0] === '$bytes' && typeof first[1] === 'string') {
    return new Uint8Array(Buffer.from(first[1], 'base64'))
  }
  return Object.fromEntries(entries.map(([key, one]) => [key, fromJson(one)]))
}
