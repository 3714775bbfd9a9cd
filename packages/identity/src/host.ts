/** What this package needs of the host's `process`; absent in a browser. */
interface NodeProcess {
  getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined
}

interface NodeModules {
  readonly 'node:crypto': typeof import('node:crypto')
  readonly 'node:fs': typeof import('node:fs')
  readonly 'node:os': typeof import('node:os')
  readonly 'node:path': typeof import('node:path')
  readonly 'node:worker_threads': typeof import('node:worker_threads')
}

/**
 * A module that is part of Node, or `undefined` elsewhere. It is found at run time, so that the same file
 * loads in a browser and a bundler finds no import to replace.
 */
export function nodeModule<Name extends keyof NodeModules>(
  name: Name,
): NodeModules[Name] | undefined {
  const { process } = globalThis as unknown as { readonly process?: NodeProcess }
  return process?.getBuiltinModule?.(name)
}

/** Fresh random bytes from the host's cryptographic generator. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return globalThis.crypto.getRandomValues(new Uint8Array(length))
}
