import { readFileSync, writeFileSync } from 'node:fs'
import { scryptSync } from 'node:crypto'
import { type Bytes, concat, epochMs, toHex, utf8 } from '@kithnet/kernel'
import { encodeCbor, idToBytes, type PeerId } from '@kithnet/types'
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import {
  contextOf,
  createIdentity,
  deriveSeed,
  type Domain,
  nobleBackend,
  phraseOf,
  type SeedPurpose,
  slhDsaSets,
  xWingKeyPair,
} from '../src/index.ts'

/** One case of a vector file. */
interface Case {
  readonly name: string
  readonly why: string
  readonly valid: boolean
  readonly input: object
  readonly output?: object
  readonly fault?: string
}

const generatedBy = 'packages/identity/bench/make-vectors.ts'
const rootOne = Uint8Array.from({ length: 32 }, (_, index) => index)
const rootTwo = new Uint8Array(32).fill(0xa5)

/** The text of every file of `vectors/identity`, by name. Deterministic: signatures are of the hedge-free form. */
export function makeVectors(): ReadonlyMap<string, string> {
  return new Map([
    [
      'root-derivation',
      file('identity/seeds.ts, HKDF-SHA256 of the root (RFC 5869)', derivations()),
    ],
    ['recovery-phrase', file('BIP-39, English, 256 bits', phrases())],
    ['signature', file('FIPS 204 ML-DSA-65 with the contexts of identity/domain.ts', signatures())],
    ['rotation', file('identity/rotation.ts', rotations())],
    ['bound-signature', file('Ed25519 and ML-DSA-65 bound, holonomic v19', boundSignatures())],
    ['key-file', file('identity/key-file.ts', keyFiles())],
  ])
}

function file(spec: string, cases: readonly Case[]): string {
  return `${JSON.stringify({ spec, source: 'own', generatedBy, cases }, undefined, 1)}\n`
}

function derivations(): readonly Case[] {
  const purposes: readonly SeedPurpose[] = ['ml-dsa-65', 'x-wing', 'ed25519', ...slhDsaSets]
  const derived = [
    ['counting', rootOne],
    ['constant', rootTwo],
  ] as const
  const valid = derived.map(([name, root]): Case => {
    const identity = createIdentity(root)
    const kem = xWingKeyPair(identity.exportSeed('x-wing'), nobleBackend)
    const seeds = purposes.map((purpose) => [
      purpose,
      toHex(deriveSeed(root, purpose, nobleBackend)),
    ])
    return {
      name,
      why: 'one root gives the same keys on every backend, for ever',
      valid: true,
      input: { root: toHex(root) },
      output: {
        peer: identity.peer,
        seeds: Object.fromEntries(seeds) as object,
        publicKeySha256: sha256(identity.publicKey),
        xWingPublicKeySha256: sha256(kem.publicKey),
        ed25519PublicKey: toHex(nobleBackend.ed25519.publicKey(identity.exportSeed('ed25519'))),
      },
    }
  })
  const short: Case = {
    name: 'short',
    why: 'a root of another length is a mistake of the program',
    valid: false,
    input: { root: toHex(rootOne.subarray(1)) },
    fault: 'assertion',
  }
  return [...valid, short]
}

function phrases(): readonly Case[] {
  const words = phraseOf(rootOne).split(' ')
  const bad = (name: string, why: string, phrase: string, fault: string): Case => ({
    name,
    why,
    valid: false,
    input: { phrase },
    fault,
  })
  return [
    ...[rootOne, rootTwo, new Uint8Array(32)].map((root) => ({
      name: `root ${toHex(root.subarray(0, 4))}`,
      why: 'words and root encode each other',
      valid: true,
      input: { phrase: phraseOf(root) },
      output: { root: toHex(root) },
    })),
    bad('23 words', 'a word is missing', words.slice(1).join(' '), 'word-count'),
    bad(
      'unknown word',
      'a word is not of the list',
      words.with(3, 'kith').join(' '),
      'unknown-word',
    ),
    bad('swapped words', 'the checksum covers the order', swapped(words).join(' '), 'checksum'),
  ]
}

/** The words with two neighbours exchanged. */
function swapped(words: readonly string[]): readonly string[] {
  return words.with(1, words[2]!).with(2, words[1]!)
}

function signatures(): readonly Case[] {
  const body = utf8('a body')
  const peer = createIdentity(rootOne).peer
  const other = createIdentity(rootTwo).peer
  const made = sign(rootOne, 'batch', body)
  const input = { root: toHex(rootOne), peer, domain: 'batch', body: toHex(body) }
  const bad = (name: string, why: string, changed: object): Case => ({
    name,
    why,
    valid: false,
    input: { ...input, signature: toHex(made), ...changed },
    fault: 'identity/bad-signature',
  })
  return [
    {
      name: 'batch',
      why: 'the deterministic signature, which every backend accepts',
      valid: true,
      input: { ...input, signature: toHex(made) },
      output: {},
    },
    bad('other domain', 'a signature is for one domain', { domain: 'descriptor' }),
    bad('no context', 'foreign formats have no context', {
      signature: toHex(sign(rootOne, undefined, body)),
    }),
    bad('other key', 'a signature is of one key', { root: toHex(rootTwo), peer: other }),
    bad('other body', 'a signature is over one body', { body: toHex(utf8('A body')) }),
    bad('flipped bit', 'every bit counts', { signature: toHex(made.with(3308, made[3308]! ^ 1)) }),
  ]
}

function rotations(): readonly Case[] {
  const at = epochMs(1_700_000_000_000)
  const from = createIdentity(rootOne)
  const to = createIdentity(rootTwo)
  const preimage = encodeCbor([1, idToBytes(from.peer), to.publicKey, at])
  const statement = (acceptance: Uint8Array, time: number = at): object => {
    const body = encodeCbor([1, idToBytes(from.peer), to.publicKey, time, acceptance])
    const signature = toHex(sign(rootOne, 'rotation', body))
    return { previousRoot: toHex(rootOne), body: toHex(body), signature }
  }
  const acceptance = sign(rootTwo, 'succession', preimage)
  const refused = 'identity/not-accepted'
  return [
    {
      name: 'accepted',
      why: 'both keys have signed',
      valid: true,
      input: statement(acceptance),
      output: { from: from.peer, to: to.peer, at },
    },
    {
      name: 'another time',
      why: 'the acceptance is of one time',
      valid: false,
      input: statement(acceptance, at + 1),
      fault: refused,
    },
    {
      name: 'wrong domain',
      why: 'the new key signed something else',
      valid: false,
      input: statement(sign(rootTwo, 'rotation', preimage)),
      fault: refused,
    },
  ]
}

function boundSignatures(): readonly Case[] {
  const [classicalSeed, postQuantumSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const preimage = utf8('kithnet bound preimage')
  const classical = nobleBackend.ed25519.sign(classicalSeed, preimage)
  const { secretKey } = ml_dsa65.keygen(postQuantumSeed)
  const bound = ml_dsa65.sign(concat(preimage, classical), secretKey, { extraEntropy: false })
  const loose = ml_dsa65.sign(preimage, secretKey, { extraEntropy: false })
  const input = (postQuantum: Uint8Array, first: Uint8Array = classical): object => ({
    classicalSeed: toHex(classicalSeed),
    postQuantumSeed: toHex(postQuantumSeed),
    preimage: toHex(preimage),
    classical: toHex(first),
    postQuantum: toHex(postQuantum),
  })
  const bad = (name: string, why: string, value: object, fault: string): Case => ({
    name,
    why,
    valid: false,
    input: value,
    fault,
  })
  return [
    { name: 'bound', why: 'both halves hold', valid: true, input: input(bound), output: {} },
    bad('independent', 'the second half must cover the first', input(loose), 'post-quantum'),
    bad('missing', 'there is no classical-only form', input(new Uint8Array(0)), 'missing'),
    bad('no classical half', 'and no other', input(bound, new Uint8Array(64)), 'both'),
  ]
}

/** Files written here by hand from the format's description, so that the vectors check the code. */
function keyFiles(): readonly Case[] {
  const peer = createIdentity(rootOne).peer
  const build = (password: string | undefined, root: Uint8Array, named: PeerId = peer): Bytes => {
    const [salt, nonce] = [new Uint8Array(32).fill(3), new Uint8Array(24).fill(4)]
    const cost = password === undefined ? null : [10, 8, 1]
    const header = encodeCbor([1, idToBytes(named), 'Anna', cost, salt, nonce])
    const info = utf8('kithnet/1/keyfile')
    const stretched =
      password === undefined ? undefined : scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 })
    const key =
      stretched === undefined
        ? nobleBackend.hkdfSha256(salt, new Uint8Array(0), info, 32)
        : nobleBackend.hkdfSha256(stretched, salt, info, 32)
    const magic = utf8('kithkey1')
    const associated = concat(magic, header)
    const sealed = nobleBackend.xChaCha20Poly1305.seal(key, nonce, root, associated)
    const covered = concat(magic, Uint8Array.of(0, header.length), header, sealed)
    return concat(covered, nobleBackend.sha256(covered))
  }
  const guarded = build('password', rootOne)
  const output = { root: toHex(rootOne), peer, alias: 'Anna' }
  const bad = (
    name: string,
    why: string,
    bytes: Uint8Array,
    fault: string,
    password?: string,
  ): Case => ({
    name,
    why,
    valid: false,
    input: password === undefined ? { file: toHex(bytes) } : { file: toHex(bytes), password },
    fault,
  })
  return [
    {
      name: 'password',
      why: 'scrypt, 2^10, 8, 1',
      valid: true,
      input: { file: toHex(guarded), password: 'password' },
      output,
    },
    {
      name: 'no password',
      why: 'asked for by name',
      valid: true,
      input: { file: toHex(build(undefined, rootOne)) },
      output,
    },
    bad('wrong password', 'the file is whole', guarded, 'identity/wrong-password', 'Password'),
    bad(
      'flipped bit',
      'the checksum sees it',
      guarded.with(80, guarded[80]! ^ 1),
      'identity/corrupt',
      'password',
    ),
    bad('cut', 'a byte is missing', guarded.slice(0, -1), 'identity/corrupt', 'password'),
    bad(
      'longer',
      'a byte too many',
      concat(guarded, Uint8Array.of(0)),
      'identity/corrupt',
      'password',
    ),
    bad('password needed', 'none was given', guarded, 'identity/password-needed'),
    bad(
      'not protected',
      'one was given',
      build(undefined, rootOne),
      'identity/not-protected',
      'password',
    ),
    bad(
      'another root',
      'the header names another peer',
      build('password', rootTwo),
      'identity/corrupt',
      'password',
    ),
  ]
}

function sign(root: Uint8Array, domain: Domain | undefined, body: Uint8Array): Bytes {
  const { secretKey } = ml_dsa65.keygen(deriveSeed(root, 'ml-dsa-65', nobleBackend))
  const context = domain === undefined ? new Uint8Array(0) : contextOf(domain)
  return ml_dsa65.sign(body, secretKey, { context, extraEntropy: false })
}

function sha256(bytes: Uint8Array): string {
  return toHex(nobleBackend.sha256(bytes))
}

/** Run directly, it writes the files; with `--check` it fails when one differs. */
if (process.argv[1] === import.meta.filename) {
  const folder = new URL('../../../vectors/identity/', import.meta.url)
  for (const [name, text] of makeVectors()) {
    const url = new URL(`${name}.json`, folder)
    if (process.argv.includes('--check')) {
      if (readFileSync(url, 'utf8') !== text) throw new Error(`${name}.json differs`)
    } else {
      writeFileSync(url, text)
    }
  }
}
