import { createNode } from 'kithnet'
import { serve } from './fleet-node.ts'

/** One Kithnet node of the broadcast benchmark, as a user would write it. */
serve(async (contacts, take) => {
  let checks = 0
  const node = await createNode({
    network: 'bench',
    preset: 'lan',
    join: contacts,
    // A tap costs time at every step, so it is there only where checks are what is measured.
    ...(process.env['COUNT_CHECKS'] === undefined
      ? {}
      : {
          tap: (_now, _event, effects) => {
            for (const effect of effects) {
              if (effect.type !== 'emit' || effect.output.type !== 'verify') continue
              if (effect.output.domain === 'batch') checks++
            }
          },
        }),
  })
  const topic = node.topic('bench')
  topic.listen(({ value }) => take(value as Uint8Array))
  return {
    contact: node.ticket(),
    publish: (payload) => {
      topic.publish(payload).catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
    },
    checks: () => checks,
  }
})
