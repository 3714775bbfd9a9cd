import { type MessageId, topicId, networkId } from '@kithnet/types'
import { expect, test } from 'vitest'
import { Outbox } from '../src/outbox.ts'

const topic = topicId(networkId('n'), 't')
const id = 'a'.repeat(64) as MessageId
const message = { topic, payload: new Uint8Array(0), confirmers: [] }

function outbox(): { outbox: Outbox; tokens: number[] } {
  const tokens: number[] = []
  return { tokens, outbox: new Outbox((token) => tokens.push(token)) }
}

test('waits for a first neighbour unless told otherwise', async () => {
  const { outbox: box, tokens } = outbox()
  const ids: MessageId[] = []
  const sent = box.publish(message, {}, (one) => ids.push(one))
  box.progressed(tokens[0]!, { id, status: 'queued', peers: 0 })
  expect(ids).toEqual([id])
  box.progressed(tokens[0]!, { id, status: 'sent', peers: 3 })
  expect(await sent).toEqual({ id, status: 'sent', peers: 3 })
  expect(ids).toEqual([id])

  const queued = box.publish(message, { until: 'queued' }, () => {})
  box.progressed(tokens[1]!, { id, status: 'queued', peers: 0 })
  expect((await queued).status).toBe('queued')
})

test('a later state satisfies an earlier wish, an earlier one does not', async () => {
  const { outbox: box, tokens } = outbox()
  const acknowledged = box.publish(message, { until: 'acknowledged' }, () => {})
  box.progressed(tokens[0]!, { id, status: 'sent', peers: 5 })
  box.progressed(tokens[0]!, { id, status: 'acknowledged', peers: 1 })
  expect(await acknowledged).toEqual({ id, status: 'acknowledged', peers: 1 })
})

test('gives up on abort with its reason, on time-out and on closing', async () => {
  const { outbox: box, tokens } = outbox()
  const controller = new AbortController()
  const aborted = box.publish(message, { signal: controller.signal }, () => {})
  controller.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  await expect(box.publish(message, { signal: controller.signal }, () => {})).rejects.toThrow(
    'enough',
  )
  expect(tokens).toHaveLength(1)
  await expect(box.publish(message, { timeoutMs: 5 }, () => {})).rejects.toThrow('runtime/no-peers')
  const waiting = box.publish(message, {}, () => {})
  box.close()
  await expect(waiting).rejects.toThrow('runtime/closed')
  await expect(box.publish(message, {}, () => {})).rejects.toThrow('runtime/closed')
})

test('a refusal says what to do', async () => {
  const { outbox: box, tokens } = outbox()
  const full = box.publish(message, {}, () => {})
  box.refused(tokens[0]!, { code: 'pubsub/queue-full' })
  await expect(full).rejects.toThrow('Await what publish returns')
})
