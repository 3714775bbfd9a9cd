import { CodedError, utf8 } from '@kithnet/kernel'
import { hash, peerIdFromBytes, type Stream } from '@kithnet/types'
import { expect, it } from 'vitest'
import { Protocols } from '../src/protocols.ts'

const peer = peerIdFromBytes(hash('peer', utf8('asker')))

/** A stream whose other side may go at any time. */
class ShortStream implements Stream {
  readonly id = 1
  readonly class = 'bulk'
  readonly queuedBytes = 0
  isOver = false
  aborts = 0
  readonly sent: Uint8Array[] = []
  onMessage: Stream['onMessage'] = () => {}
  onEnd: Stream['onEnd'] = () => {}
  onClose: Stream['onClose'] = () => {}

  send(message: Uint8Array): boolean {
    if (this.isOver) throw new CodedError({ code: 'transport/stream-closed' }, 'It has ended.')
    this.sent.push(message)
    return true
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  pause(): void {}

  resume(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }

  abort(): void {
    this.aborts++
  }
}

it('an answer for who has gone meanwhile goes nowhere, and breaks nothing', async () => {
  const protocols = new Protocols()
  const pending: PromiseWithResolvers<Uint8Array>[] = []
  protocols.answer('echo/1', () => {
    const answer = Promise.withResolvers<Uint8Array>()
    pending.push(answer)
    return answer.promise
  })
  const [gone, there] = [new ShortStream(), new ShortStream()]
  for (const stream of [gone, there]) {
    protocols.accept(stream, peer)
    stream.onMessage(utf8('echo/1'))
    stream.onMessage(utf8('hello'))
  }
  gone.isOver = true
  for (const { resolve } of pending) resolve(utf8('answer'))
  // A rejection that nobody handles would fail the run.
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  expect(gone.aborts).toBe(1)
  expect(there.sent).toEqual([utf8('answer')])
  expect(there.aborts).toBe(0)
})
