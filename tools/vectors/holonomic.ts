/** Writes vectors/holonomic anew. Signatures are hedged, so fork-proofs.json and exchange.json have other bytes after each run. */
import { admissions } from './holonomic/admissions.ts'
import { forkProofs } from './holonomic/fork-proofs.ts'
import { preimages } from './holonomic/preimages.ts'
import { retention } from './holonomic/retention.ts'
import { statements } from './holonomic/statements.ts'
import { streamTrees } from './holonomic/stream-trees.ts'
import { trees } from './holonomic/trees.ts'

await statements()
await preimages()
await trees()
await forkProofs()
await admissions()
await streamTrees()
await retention()
