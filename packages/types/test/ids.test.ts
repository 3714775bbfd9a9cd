import { concat, toHex, utf8 } from '@kithnet/kernel'
import {
  address,
  addressOf,
  addressParts,
  contentOf,
  fragmentBytes,
  hash,
  idToBytes,
  installBlake3,
  messageIdOf,
  networkId,
  parsePeerId,
  peerIdFromBytes,
  peerIdOf,
  shortId,
  streamIdFromBytes,
  topicId,
} from '@kithnet/types'
import { blake3 } from '@noble/hashes/blake3.js'
import { expect, test } from 'vitest'

test('a hash is BLAKE3 of a labelled preimage', () => {
  expect(toHex(hash('topic', utf8('a'), utf8('b')))).toBe(
    toHex(blake3(utf8('kithnet/1/topic\0ab'))),
  )
  expect(toHex(hash('topic', utf8('a')))).not.toBe(toHex(hash('peer', utf8('a'))))
})

test('a hash keeps nothing of the one before, around the length that is put together in place', () => {
  for (const length of [5_000, 4_076, 4_077, 4_078, 1, 4_076]) {
    const part = new Uint8Array(length).fill(length)
    const whole = concat(utf8('kithnet/1/fragment\0'), part)
    expect(toHex(hash('fragment', part))).toBe(toHex(blake3(whole)))
  }
})

test('a wrong backend is refused, a right one changes nothing', () => {
  const before = networkId('x')
  expect(installBlake3((message) => blake3(message).map((byte) => byte ^ 1))).toBe(false)
  expect(
    installBlake3(() => {
      throw new Error('not here')
    }),
  ).toBe(false)
  expect(installBlake3((message) => blake3(message))).toBe(true)
  expect(networkId('x')).toBe(before)
})

test('ids are fixed-width hex of their bytes', () => {
  const peer = peerIdOf(new Uint8Array(1952))
  expect(peer).toMatch(/^[0-9a-f]{64}$/)
  expect(peerIdFromBytes(idToBytes(peer))).toBe(peer)
  expect(parsePeerId(peer)).toBe(peer)
  expect(parsePeerId(peer.toUpperCase())).toBeUndefined()
  expect(shortId(peer)).toHaveLength(8)
  expect(() => peerIdFromBytes(new Uint8Array(31))).toThrow('32 bytes')
})

test('every field of a header changes the id', () => {
  const network = networkId('n')
  const header = {
    network,
    topic: topicId(network, 't'),
    author: peerIdOf(new Uint8Array(1952)),
    stream: streamIdFromBytes(new Uint8Array(16)),
    seq: 0,
  }
  const content = contentOf(utf8('hello'))
  const ids = [
    messageIdOf(header, content),
    messageIdOf({ ...header, seq: 1 }, content),
    messageIdOf({ ...header, seq: 2 ** 32 }, content),
    messageIdOf({ ...header, topic: topicId(network, 'u') }, content),
    messageIdOf({ ...header, network: networkId('m') }, content),
    messageIdOf({ ...header, author: peerIdOf(new Uint8Array(1952).fill(1)) }, content),
    messageIdOf({ ...header, stream: streamIdFromBytes(new Uint8Array(16).fill(1)) }, content),
    messageIdOf(header, contentOf(utf8('hello!'))),
  ]
  expect(new Set(ids).size).toBe(ids.length)
})

test('content is the root over fragments', () => {
  const payload = new Uint8Array(fragmentBytes + 1)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setUint32(4, payload.length)
  const leaves = [
    hash('fragment', payload.subarray(0, fragmentBytes)),
    hash('fragment', payload.subarray(fragmentBytes)),
  ]
  expect(toHex(contentOf(payload))).toBe(toHex(hash('content', length, ...leaves)))
  expect(toHex(contentOf(new Uint8Array(0)))).toBe(
    toHex(hash('content', new Uint8Array(8), hash('fragment', new Uint8Array(0)))),
  )
})

test('addresses are parsed strictly and go back to their text', () => {
  for (const text of [
    'tls://127.0.0.1:80',
    'ws://example.org:9',
    'wss://[::1]:443',
    'memory://a-1',
  ]) {
    const parsed = address(text)
    expect(parsed.ok && addressOf(addressParts(parsed.value))).toBe(text)
  }
  for (const text of [
    '',
    'tls://a',
    'tls://a:65536',
    'tls://a:1/x',
    'http://a:1',
    'memory://',
    `tls://${'a'.repeat(300)}:1`,
  ]) {
    expect(address(text).ok).toBe(false)
  }
})
