/** `npm run bench`: the measurements in real time. */
import { main } from '../report.ts'

process.exitCode = await main('bench', import.meta.dirname, process.argv.slice(2))
