/** Writes vectors/dag anew. Signatures are hedged, so each run gives other bytes. */
import { attestation } from './dag/attestation.ts'
import { bundle } from './dag/bundle.ts'
import { equivocation } from './dag/equivocation.ts'
import { line } from './dag/line.ts'
import { merkle } from './dag/merkle.ts'
import { treeProof } from './dag/tree-proof.ts'

await merkle()
await attestation()
await equivocation()
await treeProof()
await bundle()
await line()
