import { Assembly } from './assembly.ts'
import type { Assembling } from './budget.ts'
import type { LinkFault } from './faults.ts'
import { frameHeaderBytes, startLengthBytes } from './frames.ts'
import type { MuxStream, StreamOwner } from './mux-stream.ts'

/**
 * Messages of one stream on their way in: puts fragments together, holds what a paused reader does not take, and
 * gives credit for what was consumed.
 */
export class Inbox implements Assembling {
  readonly #stream: MuxStream
  readonly #owner: StreamOwner
  /** Bytes that the other side may still send. */
  #credit: number
  /** Bytes received and not consumed: their credit has not been given back. */
  #unconsumed = 0
  #assembly: Assembly | undefined
  #paused = false
  #delivering = false
  #held: Uint8Array[] = []

  constructor(stream: MuxStream, owner: StreamOwner, initialCreditBytes: number) {
    this.#stream = stream
    this.#owner = owner
    this.#credit = initialCreditBytes
    owner.budget.ahead(initialCreditBytes)
  }

  get isAssembling(): boolean {
    return this.#assembly !== undefined
  }

  /** A whole message came; `message` is valid during the call. */
  whole(message: Uint8Array): LinkFault | undefined {
    if (this.#assembly !== undefined) return this.#fragmentFault()
    const fault = this.#spend(frameHeaderBytes + message.length) ?? this.#tooLarge(message.length)
    if (fault !== undefined) return fault
    this.#deliver(message, true)
    this.settle()
    return undefined
  }

  /** A long message begins. */
  begin(messageBytes: number, fragmentBytes: number): LinkFault | undefined {
    if (this.#assembly !== undefined) return this.#fragmentFault()
    const fault =
      this.#spend(frameHeaderBytes + startLengthBytes + fragmentBytes) ??
      this.#tooLarge(messageBytes)
    if (fault !== undefined) return fault
    if (fragmentBytes > messageBytes) return this.#fragmentFault()
    this.#assembly = new Assembly(messageBytes, fragmentBytes, !this.#owner.budget.isAssembling)
    return undefined
  }

  /** Credit for a further fragment, whose bytes follow as pieces. */
  fragment(fragmentBytes: number): LinkFault | undefined {
    if (this.#assembly === undefined) return this.#fragmentFault()
    return this.#spend(frameHeaderBytes + fragmentBytes)
  }

  /** Bytes of a fragment. */
  piece(bytes: Uint8Array, last: boolean): LinkFault | undefined {
    const assembly = this.#assembly
    if (assembly === undefined || !assembly.add(bytes)) return this.#fragmentFault()
    this.#owner.budget.assembling(this, bytes.length)
    if (assembly.isComplete) {
      this.#assembly = undefined
      this.#owner.budget.assembled(this, assembly.haveBytes)
      this.#deliver(assembly.take(), false)
    }
    if (last) this.settle()
    return undefined
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    if (this.#delivering) return
    this.#delivering = true
    while (!this.#paused && this.#held.length > 0) this.#hand(this.#held.shift()!)
    this.#delivering = false
    this.settle()
    this.settleEnd()
  }

  /** Gives credit for what was consumed, in steps worth a frame. */
  settle(): void {
    if (this.#stream.isOver) return
    if (!this.#paused && this.#held.length === 0) {
      if (this.#assembly === undefined || this.#owner.budget.mayAssemble(this)) {
        this.#owner.budget.ahead(-this.#unconsumed)
        this.#unconsumed = 0
      }
    }
    if (this.#stream.hasReceivedEnd) return
    const window = this.#owner.budget.windowBytes(this.#stream.class)
    const grant = window - this.#credit - this.#unconsumed
    if (grant < window / 4) return
    this.#credit += grant
    this.#owner.budget.ahead(grant)
    this.#owner.sendCredit(this.#stream.id, grant)
  }

  /** Tells the reader of the other side's end once everything before it has been delivered. */
  settleEnd(): void {
    if (this.#held.length === 0 && !this.#delivering) this.#stream.delivered()
  }

  /** Forgets everything; the stream is over. */
  clear(): void {
    if (this.#assembly !== undefined) {
      this.#owner.budget.assembled(this, this.#assembly.haveBytes)
    }
    this.#assembly = undefined
    this.#held = []
    this.#owner.budget.ahead(-this.#credit - this.#unconsumed)
    this.#credit = 0
    this.#unconsumed = 0
  }

  /** `borrowed` when the bytes are valid only during the call. */
  #deliver(message: Uint8Array, borrowed: boolean): void {
    if (this.#stream.isOver) return
    if (this.#paused || this.#delivering || this.#held.length > 0) {
      this.#held.push(borrowed ? message.slice() : message)
      return
    }
    this.#delivering = true
    this.#hand(message)
    this.#delivering = false
    if (!this.#paused && this.#held.length > 0) this.resume()
  }

  #hand(message: Uint8Array): void {
    try {
      this.#stream.onMessage(message)
    } catch (error) {
      this.#owner.report(error)
    }
  }

  #spend(bytes: number): LinkFault | undefined {
    if (bytes > this.#credit) {
      return { code: 'transport/credit-exceeded', stream: this.#stream.id }
    }
    this.#credit -= bytes
    this.#unconsumed += bytes
    return undefined
  }

  #tooLarge(gotBytes: number): LinkFault | undefined {
    const maxBytes = this.#owner.budget.maxBytesIn(this.#stream.class)
    if (gotBytes <= maxBytes) return undefined
    return { code: 'transport/message-too-large', gotBytes, maxBytes }
  }

  #fragmentFault(): LinkFault {
    return { code: 'transport/fragment', stream: this.#stream.id }
  }
}
