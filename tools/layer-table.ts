/** The rows of the architecture and the exceptions to its rules, for one workspace. */
export interface LayerTable {
  /** From the bottom up. A package imports only packages of rows below its own. */
  readonly rows: readonly (readonly string[])[]
  /** Packages whose sources compile without a host: no Node, no DOM. */
  readonly pure: readonly string[]
  /** Edges that point down and are wrong all the same. */
  readonly forbidden: readonly ForbiddenEdge[]
  /** Where each third-party package is at home: nowhere else may it be imported. */
  readonly homes: Readonly<Record<string, readonly string[]>>
  /** Third-party packages that one of ours imports in more than one file. */
  readonly spread: readonly Spread[]
}

/** `from` never imports `to`. */
export interface ForbiddenEdge {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly why: string
}

/** `home` may import `library` in several files. */
export interface Spread {
  readonly home: string
  readonly library: string
  readonly why: string
}

/** Every package that stands or is designed. A package that is not in a row fails the check. */
export const layerTable: LayerTable = {
  rows: [
    ['kernel'],
    ['types'],
    ['wire', 'identity', 'fountain', 'reconcile', 'store', 'testkit'],
    [
      'transport',
      'membership',
      'pubsub',
      'rendezvous',
      'coordinator',
      'crdt-sync',
      'dag',
      'bulk',
      'capability',
    ],
    ['overlay'],
    ['runtime', 'groups', 'holonomic'],
    ['presence', 'media'],
    ['kithnet'],
    ['cli', 'dashboard'],
  ],
  pure: ['kernel', 'types', 'wire', 'reconcile', 'membership', 'pubsub', 'overlay'],
  forbidden: [
    {
      from: ['overlay', 'groups', 'holonomic', 'presence', 'media'],
      to: ['transport'],
      why: 'machines speak in peer ids; the runtime finds the link',
    },
    {
      from: ['membership', 'pubsub', 'crdt-sync', 'overlay'],
      to: ['identity', 'wire'],
      why: 'signatures are asked for as effects and come back as events',
    },
  ],
  homes: {
    '@noble/ciphers': ['identity', 'transport'],
    '@noble/curves': ['identity'],
    '@noble/hashes': ['types', 'identity', 'wire', 'transport'],
    '@noble/post-quantum': ['identity'],
    '@noble/post-quantum-round3': ['wire'],
    '@scure/bip39': ['identity'],
    'cbor-x': ['types'],
    commander: ['cli'],
    'fast-check': ['testkit'],
    'hash-wasm': ['runtime'],
    pg: ['dag'],
    ws: ['transport'],
  },
  spread: [{ home: 'cli', library: 'commander', why: 'each command declares its own options' }],
}
