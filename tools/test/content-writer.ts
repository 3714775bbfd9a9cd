/** Stores and drops shares until it is killed, and says on standard output what was acknowledged. Run by a test. */
import { openStore } from '@kithnet/store'
import { ContentStore } from '../../packages/holonomic/src/content/content-store.ts'
import { sampleBlocks, sampleRef, sampleSymbol } from './content-samples.ts'

const [path = '', from = '0'] = process.argv.slice(2)
const store = await ContentStore.open(await openStore(path))

async function write(lane: number): Promise<void> {
  for (let share = Number(from) + lane; ; share += lanes) {
    const puts = Array.from({ length: sampleBlocks }, (_, block) =>
      store.put(sampleRef, sampleBlocks, sampleSymbol(share, block)),
    )
    await Promise.all(puts)
    process.stdout.write(`w ${share}\n`)
    if (share % 3 > 0) continue
    await store.drop(sampleRef, [share])
    process.stdout.write(`d ${share}\n`)
  }
}

const lanes = 4
process.stdout.write('ready\n')
await Promise.all(Array.from({ length: lanes }, (_, lane) => write(lane)))
