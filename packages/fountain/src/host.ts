/** What this package needs of the host's `process`; absent in a browser. */
interface NodeProcess {
  getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined
}

interface NodeModules {
  readonly 'node:os': typeof import('node:os')
  readonly 'node:worker_threads': typeof import('node:worker_threads')
}

/**
 * A module that is part of Node, or `undefined` elsewhere. It is found at run time, so that the same file loads in a
 * browser and a bundler finds no import to replace.
 */
export function nodeModule<Name extends keyof NodeModules>(
  name: Name,
): NodeModules[Name] | undefined {
  const { process } = globalThis as unknown as { readonly process?: NodeProcess }
  return process?.getBuiltinModule?.(name)
}

/** How many cores there are to work on. */
export function coreCount(): number {
  const os = nodeModule('node:os')
  if (os !== undefined) return os.availableParallelism()
  const { navigator } = globalThis as unknown as {
    readonly navigator?: { readonly hardwareConcurrency?: number }
  }
  return navigator?.hardwareConcurrency ?? 1
}
