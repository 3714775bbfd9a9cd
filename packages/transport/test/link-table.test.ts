import { peerIdOf } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { LinkTable, type LinkTableOutput } from '../src/link-table.ts'

const [small, large] = [
  peerIdOf(new Uint8Array([1])),
  peerIdOf(new Uint8Array([2])),
].toSorted() as [ReturnType<typeof peerIdOf>, ReturnType<typeof peerIdOf>]

function outputs(table: LinkTable, event: Parameters<LinkTable['on']>[0]): LinkTableOutput[] {
  return table.on(event).flatMap((effect) => (effect.type === 'emit' ? [effect.output] : []))
}

describe('link table', () => {
  it('uses the only link there is', () => {
    const table = new LinkTable(small)
    const event = { type: 'accepted', link: 1, remote: large, direction: 'accepted' } as const
    expect(outputs(table, event)).toEqual([{ type: 'use', remote: large, link: 1 }])
    expect(table.used(large)).toBe(1)
  })

  it('refuses a link to oneself', () => {
    const table = new LinkTable(small)
    const event = { type: 'accepted', link: 1, remote: small, direction: 'dialled' } as const
    expect(outputs(table, event)).toEqual([{ type: 'refuse', link: 1 }])
  })

  it('drains what the larger id dialled, at both sides and in both orders', () => {
    for (const [self, remote, winning] of [
      [small, large, 'dialled'],
      [large, small, 'accepted'],
    ] as const) {
      const losing = winning === 'dialled' ? 'accepted' : 'dialled'
      const late = new LinkTable(self)
      late.on({ type: 'accepted', link: 1, remote, direction: losing })
      expect(outputs(late, { type: 'accepted', link: 2, remote, direction: winning })).toEqual([
        { type: 'use', remote, link: 2 },
        { type: 'drain', link: 1 },
      ])
      const early = new LinkTable(self)
      early.on({ type: 'accepted', link: 2, remote, direction: winning })
      expect(outputs(early, { type: 'accepted', link: 1, remote, direction: losing })).toEqual([
        { type: 'drain', link: 1 },
      ])
    }
  })

  it('replaces a link by a younger one; only the side that dialled ends the old one', () => {
    const dialler = new LinkTable(small)
    dialler.on({ type: 'accepted', link: 1, remote: large, direction: 'dialled' })
    const second = { type: 'accepted', link: 2, remote: large, direction: 'dialled' } as const
    expect(outputs(dialler, second)).toEqual([
      { type: 'use', remote: large, link: 2 },
      { type: 'drain', link: 1 },
    ])
    const listener = new LinkTable(large)
    listener.on({ type: 'accepted', link: 1, remote: small, direction: 'accepted' })
    expect(
      outputs(listener, { type: 'accepted', link: 2, remote: small, direction: 'accepted' }),
    ).toEqual([{ type: 'use', remote: small, link: 2 }])
  })

  it('falls back to what is left, and says when nothing is', () => {
    const table = new LinkTable(large)
    table.on({ type: 'accepted', link: 1, remote: small, direction: 'accepted' })
    table.on({ type: 'accepted', link: 2, remote: small, direction: 'accepted' })
    expect(outputs(table, { type: 'gone', link: 2 })).toEqual([
      { type: 'use', remote: small, link: 1 },
    ])
    expect(outputs(table, { type: 'gone', link: 1 })).toEqual([{ type: 'alone', remote: small }])
    expect(outputs(table, { type: 'gone', link: 1 })).toEqual([])
  })
})
