/** The experiment A18 under the name of its package. */
import type { Scenario } from '../report.ts'
import { runRecords, scenario as a18 } from './a18.ts'

export const scenario: Scenario = {
  ...a18,
  id: 'dag',
  run: (options) => runRecords('dag', options),
}
