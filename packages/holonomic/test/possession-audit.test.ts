import { instant, seededRng } from '@kithnet/kernel'
import {
  answerChallenge,
  type AuditOutput,
  type Challenge,
  PossessionAudit,
  type PossessionAnswer,
  type PossessionShown,
} from '@kithnet/holonomic'
import { describe, expect, it } from 'vitest'
import { filmOf, peerOf } from './keeper-world.ts'

const [challenger, holder, other] = [peerOf('challenger'), peerOf('holder'), peerOf('other')]
const film = await filmOf(challenger, 'film')
const { ref, manifest } = film

/** Asks for share 3 in full. */
function asked(audit: PossessionAudit, at = 0): Challenge {
  const id = { block: 0, symbol: 3 }
  const effects = audit.on(
    { type: 'audit', ...ref, holder, id, against: { manifest } },
    instant(at),
  )
  const [sent] = effects
  if (sent?.type !== 'send') throw new Error('nothing was asked')
  return sent.message
}

function outputs(
  audit: PossessionAudit,
  message: PossessionAnswer | PossessionShown,
): readonly AuditOutput[] {
  return audit
    .on({ type: 'received', from: holder, message }, instant(1))
    .flatMap((effect) => (effect.type === 'emit' ? [effect.output] : []))
}

describe('a question in full', () => {
  it('is answered by the symbol, with its Merkle proof', () => {
    const audit = new PossessionAudit(challenger, seededRng('audit'))
    const { nonce, inFull } = asked(audit)
    expect(inFull).toBe(true)
    const [symbol] = film.symbols[3]!
    const shown = { type: 'shown', nonce, symbol: symbol! } as const
    expect(outputs(audit, shown)).toMatchObject([{ type: 'proven', holder, ...ref }])
    expect(outputs(audit, shown)).toEqual([])
  })

  it('is not by another symbol, a spoilt one, another proof, or a hash', () => {
    const audit = new PossessionAudit(challenger, seededRng('audit'))
    const [symbol] = film.symbols[3]!
    const [another] = film.symbols[4]!
    const spoilt = Uint8Array.from(symbol!.bytes)
    spoilt[5] = spoilt[5]! ^ 1
    const wrong = [
      another!,
      { ...symbol!, bytes: another!.bytes },
      { ...symbol!, bytes: spoilt },
      { ...symbol!, proof: another!.proof },
      { ...symbol!, proof: symbol!.proof.subarray(32) },
    ]
    for (const one of wrong) {
      const { nonce } = asked(audit)
      expect(outputs(audit, { type: 'shown', nonce, symbol: one })).toMatchObject([
        { type: 'unproven', why: 'wrong' },
      ])
    }
    const challenge = asked(audit)
    const answer = answerChallenge(challenge, { challenger, holder }, symbol!.bytes)
    expect(outputs(audit, answer)).toMatchObject([{ type: 'unproven', why: 'wrong' }])
  })
})

describe('questions', () => {
  it('share one timer, and are late one after the other', () => {
    const audit = new PossessionAudit(challenger, seededRng('audit'))
    asked(audit, 0)
    asked(audit, 1_000)
    const first = audit.on({ type: 'fired', key: 'audit' }, instant(5_000))
    expect(first).toMatchObject([
      { type: 'emit', output: { type: 'unproven', why: 'late' } },
      { type: 'arm', key: 'audit', at: 6_000 },
    ])
    expect(audit.on({ type: 'fired', key: 'audit' }, instant(6_000))).toHaveLength(1)
    expect(audit.on({ type: 'fired', key: 'audit' }, instant(7_000))).toEqual([])
  })

  it('that are called off come to nothing, and those to others stay', () => {
    const audit = new PossessionAudit(challenger, seededRng('audit'))
    asked(audit)
    audit.on({ type: 'calledOff', holder: other }, instant(0))
    audit.on({ type: 'calledOff', holder, ref: { ...ref, content: '00'.repeat(32) } }, instant(0))
    const { nonce } = asked(audit)
    audit.on({ type: 'calledOff', holder, ref }, instant(0))
    const [symbol] = film.symbols[3]!
    expect(outputs(audit, { type: 'shown', nonce, symbol: symbol! })).toEqual([])
    expect(audit.on({ type: 'fired', key: 'audit' }, instant(9_000))).toEqual([])
  })
})
