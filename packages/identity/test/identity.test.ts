import { inspect } from 'node:util'
import { toHex, utf8 } from '@kithnet/kernel'
import {
  createIdentity,
  createMlDsaScheme,
  deriveSeed,
  domains,
  identityFromPhrase,
  mlDsaScheme,
  nobleBackend,
  phraseOf,
  rootFromPhrase,
  seedBytesOf,
  slhDsaSets,
  workingBackends,
} from '@kithnet/identity'
import { peerIdOf } from '@kithnet/types'
import { describe, expect, it } from 'vitest'

const root = Uint8Array.from({ length: 32 }, (_, index) => index)

describe('an identity', () => {
  it('is the same for the same root on every backend', () => {
    const peers = workingBackends().map(
      (backend) => createIdentity(root, createMlDsaScheme(backend)).peer,
    )
    expect(new Set(peers).size).toBe(1)
    expect(createIdentity().peer).not.toBe(createIdentity().peer)
  })

  it('is named by the hash of its key', () => {
    const identity = createIdentity(root)
    expect(identity.peer).toBe(peerIdOf(identity.publicKey))
    expect(identity.publicKey.length).toBe(1952)
  })

  it('signs for one domain only', async () => {
    const identity = createIdentity(root)
    const body = utf8('body')
    const signature = await identity.sign('batch', body)
    const scheme = mlDsaScheme()
    for (const domain of domains) {
      const claim = { domain, publicKey: identity.publicKey, body, signature }
      expect(scheme.verifySync(claim)).toBe(domain === 'batch')
      expect(await scheme.verify(claim)).toBe(domain === 'batch')
    }
  })

  it('shows no secret when printed, serialised or spread', () => {
    const identity = createIdentity(root)
    const secrets = [root, identity.exportSeed('ml-dsa-65')].flatMap((bytes) => [
      toHex(bytes),
      Buffer.from(bytes).toString('base64'),
      Array.from(bytes).join(','),
    ])
    const shown = [
      JSON.stringify(identity),
      JSON.stringify(Object.assign({}, identity, { publicKey: undefined })),
      inspect(identity, { depth: 9, showHidden: true }),
      String(identity),
    ]
    for (const text of shown) for (const secret of secrets) expect(text).not.toContain(secret)
    expect(JSON.stringify(identity)).toBe(`{"peer":"${identity.peer}"}`)
    expect(inspect(identity)).toBe(`Identity(${identity.peer.slice(0, 8)})`)
  })

  it('keeps no reference to the root it was given, and gives out copies', () => {
    const mine = Uint8Array.from(root)
    const identity = createIdentity(mine)
    mine.fill(0)
    expect(identity.exportRoot()).toEqual(root)
    identity.exportRoot().fill(0)
    expect(identity.exportRoot()).toEqual(root)
  })

  it('does nothing secret once disposed', async () => {
    const identity = createIdentity(root)
    identity[Symbol.dispose]()
    identity[Symbol.dispose]()
    await expect(identity.sign('batch', utf8('x'))).rejects.toThrow('disposed')
    expect(() => identity.exportRoot()).toThrow('disposed')
    expect(() => identity.exportSeed('x-wing')).toThrow('disposed')
    expect(() => identity.exportPhrase()).toThrow('disposed')
    expect(identity.peer).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('seeds', () => {
  it('differ by purpose and have the length of their scheme', () => {
    const purposes = ['ml-dsa-65', 'x-wing', 'ed25519', ...slhDsaSets] as const
    const seeds = purposes.map((purpose) => deriveSeed(root, purpose))
    expect(new Set(seeds.map((seed) => toHex(seed.subarray(0, 32)))).size).toBe(15)
    expect(seedBytesOf('ed25519')).toBe(32)
    expect(seedBytesOf('slh-dsa-sha2-128s')).toBe(48)
    expect(seedBytesOf('slh-dsa-shake-192f')).toBe(72)
    expect(seedBytesOf('slh-dsa-shake-256s')).toBe(96)
    expect(slhDsaSets.length).toBe(12)
  })

  it('are the same on every backend', () => {
    for (const backend of workingBackends()) {
      expect(deriveSeed(root, 'x-wing', backend)).toEqual(deriveSeed(root, 'x-wing', nobleBackend))
    }
  })
})

describe('a recovery phrase', () => {
  const phrase = phraseOf(root)

  it('has 24 words that bring the identity back', () => {
    expect(phrase.split(' ').length).toBe(24)
    const back = identityFromPhrase(`  ${phrase.toUpperCase().replaceAll(' ', '\n ')} `)
    expect(back.ok && back.value.peer).toBe(createIdentity(root).peer)
    expect(createIdentity(root).exportPhrase()).toBe(phrase)
    expect(createIdentity(root).verifyPhrase(phrase)).toBe(true)
  })

  it('is told apart from others and from mistakes', () => {
    const other = phraseOf(root.map((byte) => byte ^ 1))
    expect(createIdentity(root).verifyPhrase(other)).toBe(false)
    const words = phrase.split(' ')
    const reason = (text: string): unknown => {
      const result = rootFromPhrase(text)
      return result.ok ? undefined : result.fault
    }
    expect(reason(words.slice(1).join(' '))).toMatchObject({ reason: 'word-count' })
    expect(reason('')).toMatchObject({ reason: 'word-count' })
    expect(reason('abandon '.repeat(10_000))).toMatchObject({ reason: 'word-count' })
    expect(reason(words.with(4, 'kithnet').join(' '))).toEqual({
      code: 'identity/bad-phrase',
      reason: 'unknown-word',
      position: 5,
    })
    expect(reason(words.with(0, words[0] === 'zoo' ? 'zone' : 'zoo').join(' '))).toMatchObject({
      reason: 'checksum',
    })
  })
})
