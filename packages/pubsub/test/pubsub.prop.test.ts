import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prefixOf } from '@kithnet/pubsub'
import { Author, forged, news, other, peer, Subject, type Written } from './subject.ts'

const names = ['a', 'b', 'c', 'd']
const name = fc.constantFrom(...names)
const index = fc.nat({ max: 39 })

/** Steps of a run: what peers, the application and time can do. */
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('up', 'down', 'gone', 'congested', 'drained'), name }),
  fc.record({
    kind: fc.constantFrom(
      'push',
      'batch',
      'message',
      'forged',
      'ihave',
      'iwant',
      'gone-ids',
      'wantBatches',
      'prune',
      'graft',
    ),
    name,
    index,
  }),
  fc.record({
    kind: fc.constantFrom('publish', 'verify', 'refuse', 'sign', 'subscribe', 'unsubscribe'),
  }),
  fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: 1, max: 5_000 }) }),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Everything that the peers of a run may send. */
function library(): Written[] {
  const authors = ['x', 'y', 'z'].map((one) => new Author(one))
  return Array.from({ length: 40 }, (_, at) =>
    authors[at % 3]!.write([`${at} 0`, `${at} 1`], { topic: at % 5 === 0 ? other : news }),
  )
}

const config = {
  pendingMessages: 6,
  seenPerLink: 8,
  lanesPerLink: 2,
  missingPerLink: 10,
  cacheBytes: 40_000,
  queuedMessages: 4,
  historyMs: 3_000,
}

function act(subject: Subject, written: readonly Written[], one: Step): void {
  const at = 'index' in one ? written[one.index]! : written[0]!
  const from = 'name' in one ? one.name : ''
  switch (one.kind) {
    case 'up':
      return subject.feed({ type: 'neighbourUp', peer: peer(from) })
    case 'down':
      return subject.feed({ type: 'neighbourDown', peer: peer(from) })
    case 'gone':
    case 'congested':
    case 'drained':
      return subject.feed({ type: one.kind, peer: peer(from) })
    case 'push':
      return subject.push(from, at)
    case 'batch':
      return subject.from(from, { type: 'batch', signed: at.signed })
    case 'message':
      return subject.from(from, at.messages[1]!)
    case 'forged':
      return subject.from(from, { type: 'batch', signed: forged(at) }, at.messages[0]!)
    case 'ihave':
    case 'iwant':
      return subject.from(from, { type: one.kind, prefixes: at.ids.map(prefixOf) })
    case 'wantBatches':
      return subject.from(from, { type: one.kind, ids: at.ids })
    case 'gone-ids':
      return subject.from(from, { type: 'gone', prefixes: at.ids.map(prefixOf) })
    case 'prune':
    case 'graft':
      return subject.from(from, { type: one.kind, source: at.batch.author })
    case 'publish':
      return subject.publish(1, 'own')
    case 'verify': {
      const bad = subject.outputs.flatMap((output) =>
        output.type === 'verify' && output.signed.signature[0] === 255 ? [output.signed] : [],
      )
      return subject.verify(bad)
    }
    case 'refuse':
      for (const { token } of subject.take('verify')) {
        subject.feed({ type: 'unverified', token, cause: 'no-key' })
      }
      return
    case 'sign':
      return subject.sign()
    case 'subscribe':
    case 'unsubscribe':
      return subject.feed({ type: one.kind, topic: other })
    case 'pass':
      return subject.pass((one as { ms: number }).ms)
    default:
  }
}

function run(steps: readonly Step[], check: (subject: Subject) => void): Subject {
  const subject = new Subject(config)
  const written = library()
  for (const one of steps) {
    act(subject, written, one)
    check(subject)
  }
  return subject
}

describe('whatever happens', () => {
  it('delivers nothing twice, nothing forged and nothing beyond its bounds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const subject = run(steps, ({ pubsub }) => {
          const view = pubsub.view()
          expect(view.cachedBytes).toBeLessThanOrEqual(config.cacheBytes + 8_000)
          expect(view.seen).toBeLessThanOrEqual(config.seenPerLink * (names.length + 1))
          expect(view.missing).toBeLessThanOrEqual(config.missingPerLink * names.length)
          expect(view.pending).toBeLessThanOrEqual((config.pendingMessages + 1) * names.length)
          expect(view.queued).toBeLessThanOrEqual(config.queuedMessages)
          for (const { pendingBytes } of view.neighbours)
            expect(pendingBytes).toBeGreaterThanOrEqual(0)
        })
        const ids = subject.delivered.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
      }),
      { numRuns: 150 },
    )
  })

  it('frees all unverified work in time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const subject = run(steps, () => {})
        subject.pass(30_000)
        const { pending, neighbours } = subject.pubsub.view()
        expect(pending).toBe(0)
        expect(neighbours.every(({ pendingBytes }) => pendingBytes === 0)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('does the same for the same seed and the same events', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [one, two] = [run(steps, () => {}), run(steps, () => {})]
        expect(two.sent).toEqual(one.sent)
        expect(two.outputs).toEqual(one.outputs)
      }),
      { numRuns: 40 },
    )
  })
})
