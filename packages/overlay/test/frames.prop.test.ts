import { seededRng } from '@kithnet/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame } from '@kithnet/overlay'
import { neighbour, person, type Person, Subject, written } from './subject.ts'

const [a, author] = [person('a'), person('author')]

/** Real frames of every kind, to be mutated. */
function realFrames(): Uint8Array[] {
  const subject = Subject.among([a])
  subject.from(a, ...written(a, 'text'))
  subject.from(a, ...written(author, 'other'))
  subject.settle()
  subject.pass(15_000)
  const sent = subject.sent.map(({ message }) => encodeFrame(message))
  return [...sent, ...written(a, 'more', 1).map(encodeFrame), encodeFrame(neighbour(a))]
}

describe('frames', () => {
  it('of any bytes give a message or a fault, and what is taken re-encodes the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoded = decodeFrame(bytes)
        if (decoded.ok) expect(Buffer.compare(encodeFrame(decoded.value), bytes)).toBe(0)
        else expect(decoded.fault.code).toMatch(/^types\//)
      }),
      { numRuns: 2_000 },
    )
  })

  it('cut short anywhere are refused', () => {
    for (const frame of realFrames().filter(({ length }) => length < 6_000)) {
      for (let length = 0; length < frame.length; length += 1 + Math.floor(frame.length / 50)) {
        expect(decodeFrame(frame.subarray(0, length)).ok).toBe(false)
      }
    }
  })

  it('10,000 random and mutated are shed with typed faults, bounded memory, and traffic going on', () => {
    const rng = seededRng('frames')
    const honest = person('honest')
    const subject = Subject.among([honest])
    const real = realFrames()
    let liars = 0
    let liar: Person = person('liar 0')
    subject.feed({ type: 'linkUp', peer: liar.peer, publicKey: liar.publicKey })
    for (let count = 0; count < 10_000; count++) {
      const bytes =
        count % 3 === 0 ? rng.bytes(rng.below(400)) : real[rng.below(real.length)]!.slice()
      for (let flips = 1 + rng.below(3); count % 3 !== 0 && flips > 0; flips--) {
        bytes[rng.below(bytes.length)]! ^= 1 << rng.below(8)
      }
      subject.feed({ type: 'frame', from: liar.peer, bytes })
      subject.settle()
      if (subject.outputs.some((output) => output.type === 'shed' && output.peer === liar.peer)) {
        subject.feed({ type: 'linkDown', peer: liar.peer, cause: 'reset' })
        liar = person(`liar ${++liars}`)
        subject.feed({ type: 'linkUp', peer: liar.peer, publicKey: liar.publicKey })
        subject.outputs = subject.outputs.filter(({ type }) => type !== 'shed')
      }
      if (count % 500 === 0) {
        subject.from(honest, ...written(honest, `message ${count}`, count / 500))
        subject.pass(10)
      }
      if (count % 100 !== 0) continue
      const view = subject.overlay.snapshot()
      expect(view.pending).toBeLessThanOrEqual(64)
      expect(view.knownKeys).toBeLessThanOrEqual(1_024 + 8)
      expect(view.heldMessages).toBeLessThanOrEqual(64)
      expect(view.missing).toBeLessThanOrEqual(4_096)
      subject.sent = []
    }
    expect(liars).toBeGreaterThan(500)
    expect(subject.texts.filter((text) => text.startsWith('message '))).toHaveLength(20)
    expect(subject.overlay.snapshot().neighbours.map(({ peer }) => peer)).toContain(honest.peer)
    for (const output of subject.outputs) {
      if (output.type === 'penalised') expect(output.fault.code).toMatch(/^[a-z]+\/[a-z-]+$/)
    }
  })
})
