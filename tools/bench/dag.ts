import { loadavg } from 'node:os'
import { type Benchmark, judge } from '../report.ts'
import { graphFigures, graphThresholds } from './dag/graph.ts'
import { operationFigures, operationThresholds } from './dag/operations.ts'
import { storeFigures, storeThresholds } from './dag/stores.ts'
import { syncFigures, syncThresholds } from './dag/sync.ts'

/**
 * Records: the index in memory beside what elara-runtime does on this kind of machine, the stores on the disk, and two
 * stores that learn what each lacks.
 */
export const benchmark: Benchmark = {
  id: 'dag',
  title: 'records: index, operations, stores, sync',
  run: async (options) => {
    const figures = {
      node: process.version,
      loadAverage: loadavg()[0]!,
      ...(await graphFigures(options)),
      ...(await operationFigures(options)),
      ...(await storeFigures(options)),
      ...(await syncFigures(options)),
    }
    return judge({
      id: 'dag',
      seeds: 1,
      figures,
      threshold: {
        ...graphThresholds,
        ...operationThresholds,
        ...storeThresholds(options.quick),
        ...syncThresholds(),
      },
    })
  },
}
