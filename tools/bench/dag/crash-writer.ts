/**
 * Opens the store of its arguments when it is told to, appends records to it until it is killed, and says on standard
 * output which calls were acknowledged.
 */
import { writeSync } from 'node:fs'
import { sqliteRecords } from '@kithnet/dag/sqlite'
import { sampleRecord } from '@kithnet/dag/suite'
import { tileRecords } from '@kithnet/dag/tiles'
import { callOf, numbersOf } from './crash-calls.ts'

const [kind = '', path = '', from = ''] = process.argv.slice(2)
let next = callOf(Number(from))

function say(line: string): void {
  // Standard output by way of its stream could still be in memory when the process is killed.
  writeSync(1, `${line}\n`)
}

process.stdin.once('data', async () => {
  // Small files of a journal, so that records go to their tiles all the time.
  const store =
    kind === 'tiles' ? await tileRecords(path, { segmentBytes: 60_000 }) : await sqliteRecords(path)
  say('open')
  const caller = async (): Promise<void> => {
    for (;;) {
      const call = next++
      await store.append(numbersOf(call).map((number) => sampleRecord(number)))
      say(`${call}`)
    }
  }
  await Promise.all([caller(), caller(), caller()])
})
say('ready')
