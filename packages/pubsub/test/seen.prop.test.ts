import { epochMs, utf8 } from '@kithnet/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prefixOf } from '@kithnet/pubsub'
import { hash, type MessageId, messageIdFromBytes } from '@kithnet/types'
import { IdTable, noRow } from '../src/id-table.ts'
import { Seen } from '../src/seen.ts'
import { peer } from './subject.ts'

const ids = Array.from({ length: 400 }, (_, index) =>
  messageIdFromBytes(hash('item', utf8(`${index}`))),
)
const step = fc.record({ add: fc.boolean(), index: fc.nat({ max: ids.length - 1 }) })

describe('the table of ids', () => {
  it('is a set, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 100, maxLength: 1_500 }),
        fc.nat(),
        (steps, secret) => {
          const table = new IdTable(secret)
          const model = new Map<MessageId, number>()
          for (const { add, index } of steps) {
            const id = ids[index]!
            const row = model.get(id)
            if (row !== undefined && !add) {
              table.delete(row)
              model.delete(id)
            } else if (row === undefined && add) model.set(id, table.add(id))
          }
          expect(table.size).toBe(model.size)
          expect(new Set(model.values()).size).toBe(model.size)
          for (const id of ids) {
            expect(table.find(id)).toBe(model.get(id) ?? noRow)
            expect(table.hasPrefix(prefixOf(id))).toBe(model.has(id))
          }
          for (const [id, row] of model) expect(table.idAt(row)).toBe(id)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('tells ids apart that begin alike', () => {
    const table = new IdTable(1)
    const alike = ['0', '1', '2'].map((end) => (ids[0]!.slice(0, 63) + end) as MessageId)
    const rows = alike.map((id) => table.add(id))
    expect(alike.map((id) => table.find(id))).toEqual(rows)
    table.delete(rows[0]!)
    expect(alike.map((id) => table.find(id))).toEqual([noRow, rows[1], rows[2]])
  })
})

describe('seen ids', () => {
  it('push out the oldest of one link, and forget what is old of all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ index: fc.nat({ max: ids.length - 1 }), link: fc.nat({ max: 2 }) }), {
          maxLength: 300,
        }),
        fc.nat({ max: 300 }),
        (adds, until) => {
          const perLink = 7
          const seen = new Seen(perLink, 42)
          const accounts = new Map<number, { id: MessageId; at: number }[]>()
          for (const [at, { index, link }] of adds.entries()) {
            const id = ids[index]!
            if (seen.has(id)) continue
            seen.add(id, epochMs(at), peer(`${link}`))
            const account = accounts.get(link) ?? []
            accounts.set(link, [...account, { id, at }].slice(-perLink))
          }
          seen.sweep(until)
          const kept = [...accounts.values()].flat().filter(({ at }) => at >= until)
          expect(seen.size).toBe(kept.length)
          expect(seen.items.size).toBe(kept.length)
          for (const { id } of kept) expect(seen.has(id)).toBe(true)
        },
      ),
      { numRuns: 200 },
    )
  })
})
