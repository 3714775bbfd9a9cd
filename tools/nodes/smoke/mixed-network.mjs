// A peer on the oldest supported Node, on noble and pq-channel, talks with a peer on this one, both ways.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createNode } from 'kithnet'

const oldest = JSON.parse(process.env.KITHNET_NODES)['22.18.0']

if (process.argv[2] === 'old') {
  const node = await createNode({ network: 'mixed', listen: ['ws://127.0.0.1:0'] })
  node.topic('talk').listen((message) => {
    if (message.value === 'question')
      void node.topic('talk').publish(`answer from ${process.version}`)
  })
  process.stdout.write(`${node.ticket()}\n`)
  process.stdin.resume()
  await once(process.stdin, 'end')
  await node.close()
} else if (oldest === undefined) {
  console.error('skipped: Node 22.18.0 is not installed here')
} else {
  const child = spawn(oldest, [fileURLToPath(import.meta.url), 'old'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  // Whatever fails below, the other process ends with this one.
  process.on('exit', () => child.kill())
  const [ticket] = await once(child.stdout, 'data')
  const node = await createNode({ join: String(ticket).trim() })
  const inbox = node.topic('talk').messages()
  await node.topic('talk').publish('question')
  const { value } = await inbox.next()
  assert.equal(value.value, 'answer from v22.18.0')
  assert.match(node.connections()[0].suite, /MLKEM768/)
  assert.equal(node.connections()[0].transport, 'websocket')
  child.stdin.end()
  await once(child, 'exit')
  await node.close()
}
