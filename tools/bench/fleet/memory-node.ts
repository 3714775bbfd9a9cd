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

// A tracked message has been seen and delivered, and its payload has left the cache: what stays is its trace.
const messages = 20_000
const heard = node.topic('traced')
let delivered = 0
heard.listen(() => delivered++)
const beforeMessages = await heap()
const topic = other.topic('traced')
const payload = new Uint8Array(64)
for (let index = 0; index < messages; index += 500) {
  await Promise.all(Array.from({ length: 500 }, () => topic.publish(payload)))
}
while (delivered < messages) await new Promise((resolve) => setTimeout(resolve, 20))
const cached = node.status().overlay.cachedBytes + other.status().overlay.cachedBytes
const trackedMessage = ((await heap()) - beforeMessages - cached) / (messages * 2)

process.send?.({ baseline, node: withNode, idleTopic, trackedMessage })
