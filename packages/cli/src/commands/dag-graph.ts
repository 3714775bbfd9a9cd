import { writeFileSync } from 'node:fs'
import { drawnRecords, drawRecords } from '@kithnet/dag'
import { note, print } from '../output.ts'
import { openPlace, type PlaceOptions } from '../records-place.ts'
import { countOf } from './dag-record.ts'

interface GraphOptions extends PlaceOptions {
  readonly out?: string
  readonly limit: string
}

/** `kith dag graph`. */
export async function drawGraph(options: GraphOptions): Promise<void> {
  await using open = await openPlace(options)
  const count = countOf(options.limit, '--limit')
  const svg = drawRecords(drawnRecords(open.records.graph, count))
  if (options.out === undefined) print(svg)
  else {
    writeFileSync(options.out, svg)
    note(`Drawn in ${options.out}.`)
  }
}
