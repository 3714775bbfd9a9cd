// The libraries that the baseline has loaded too, so that only the node's own memory is counted.
import { DatabaseSync } from 'node:sqlite'
import { rootCertificates } from 'node:tls'
import { ml_dsa65 as mlDsa65 } from '@noble/post-quantum/ml-dsa.js'
import { Encoder } from 'cbor-x'

const collect = (globalThis as { gc?: () => void }).gc!

async function settled(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 150))
    collect()
  }
}

async function rss(): Promise<number> {
  await settled()
  return process.memoryUsage.rss()
}

async function heap(): Promise<number> {
  await settled()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const loaded = [DatabaseSync, rootCertificates, mlDsa65, Encoder].length
const baseline = loaded === 0 ? 0 : await rss()
const { createNode } = await import('kithnet')
const node = await createNode({ network: 'bench' })
const withNode = (await rss()) - baseline
const other = await createNode({ join: node.ticket() })

const topics = 500
const beforeTopics = await heap()
for (let index = 0; index < topics; index++) node.topic(`topic ${index}`)
const idleTopic = ((await heap()) - beforeTopics) / topics

// A tracked message has been seen and delivered, and its payload has left the cache: what stays is its trace. Longer
// messages push the payloads out of the cache, and leave traces of their own.
const messages = 20_000
const fillers = 2_000
const fillerBytes = 32_768
const heard = node.topic('traced')
let delivered = 0
heard.listen(() => delivered++)
const beforeMessages = await heap()
const topic = other.topic('traced')

async function exchange(count: number, bytes: number): Promise<void> {
  const due = delivered + count
  const atOnce = bytes > 1_024 ? 20 : 500
  for (let index = 0; index < count; index += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, () => topic.publish(new Uint8Array(bytes))))
  }
  while (delivered < due) await new Promise((resolve) => setTimeout(resolve, 20))
}

await exchange(messages, 64)
await exchange(fillers, fillerBytes)
const cached = node.status().overlay.cachedBytes + other.status().overlay.cachedBytes
const trackedMessage = ((await heap()) - beforeMessages - cached) / ((messages + fillers) * 2)

process.send?.({ baseline, node: withNode, idleTopic, trackedMessage })
