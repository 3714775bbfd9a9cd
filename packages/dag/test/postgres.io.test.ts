import { postgresRecords } from '@kithnet/dag/postgres'
import { recordStoreSuite, sampleId, sampleRecord } from '@kithnet/dag/suite'
import { Client } from 'pg'
import { afterAll, describe, expect, it, test } from 'vitest'
import { startPostgres } from './postgres-server.ts'

const started = await startPostgres()
const server = 'reason' in started ? undefined : started
const url = server?.url ?? ''
const missing = 'reason' in started ? ` (skipped: ${started.reason})` : ''
afterAll(() => server?.stop())

async function query(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<Record<string, unknown>>(text)
  await client.end()
  return rows
}

describe.skipIf(server === undefined)(`postgres${missing}`, () => {
  recordStoreSuite(it, {
    create: async () => {
      await query('DROP SCHEMA IF EXISTS kithnet CASCADE')
      return postgresRecords(url)
    },
    reopen: () => postgresRecords(url),
  })

  test('a second owner is refused, and told so', async () => {
    await using _ = await postgresRecords(url)
    await expect(postgresRecords(url)).rejects.toMatchObject({
      fault: { code: 'store/locked' },
      message: expect.stringContaining('is in use'),
    })
  })

  test('what was acknowledged outlives a crash of the server, and the store says that it is gone', async () => {
    await query('DROP SCHEMA IF EXISTS kithnet CASCADE')
    const store = await postgresRecords(url)
    await store.append([sampleRecord(1), sampleRecord(2, [1])])
    await server!.crash()
    await expect(store.get(sampleId(1))).rejects.toMatchObject({ code: 'store/unavailable' })
    await store.close()
    await using again = await postgresRecords(url)
    expect(again.size).toBe(2)
    expect((await again.get(sampleId(2)))?.record.bytes).toEqual(sampleRecord(2, [1]).record.bytes)
  })

  test('a changed row is not served', async () => {
    await query('DROP SCHEMA IF EXISTS kithnet CASCADE')
    await using store = await postgresRecords(url)
    await store.append([sampleRecord(1)])
    await query('UPDATE kithnet.records SET wire_bytes = set_byte(wire_bytes, 3000, 77)')
    await expect(store.get(sampleId(1))).rejects.toMatchObject({ code: 'dag/damaged-record' })
  })

  test('tables of another version are left alone', async () => {
    await (await postgresRecords(url)).close()
    await query("UPDATE kithnet.meta SET value = '99'")
    await expect(postgresRecords(url)).rejects.toMatchObject({
      fault: { code: 'store/version', found: 99 },
    })
  })
})

test('a server that is not there is told as such, without the password', async () => {
  const nowhere = postgresRecords('postgres://kith:secret@127.0.0.1:9/postgres')
  await expect(nowhere).rejects.toMatchObject({ code: 'store/unavailable' })
  await expect(nowhere).rejects.not.toThrow(/secret/)
})
