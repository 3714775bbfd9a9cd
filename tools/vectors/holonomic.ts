/** Writes vectors/holonomic anew. Signatures are hedged, so fork-proofs.json and witness.json have other bytes after each run. */
import { admissions } from './holonomic/admissions.ts'
import { contents } from './holonomic/contents.ts'
import { exchange } from './holonomic/exchange.ts'
import { forkProofs } from './holonomic/fork-proofs.ts'
import { preimages } from './holonomic/preimages.ts'
import { retention } from './holonomic/retention.ts'
import { statements } from './holonomic/statements.ts'
import { streamTrees } from './holonomic/stream-trees.ts'
import { trees } from './holonomic/trees.ts'
import { witness } from './holonomic/witness.ts'

await statements()
await exchange()
await contents()
await preimages()
await trees()
await forkProofs()
await admissions()
await streamTrees()
await retention()
await witness()
