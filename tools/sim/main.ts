/** `npm run sim`: the experiments in virtual time. */
import { main } from '../report.ts'

process.exitCode = await main('sim', import.meta.dirname, process.argv.slice(2))
