/** The modules of Node that transports use. */
interface NodeModules {
  readonly 'node:crypto': typeof import('node:crypto')
  readonly 'node:net': typeof import('node:net')
  readonly 'node:tls': typeof import('node:tls')
}

/** What this package needs of the host's globals; some are absent in a browser. */
interface Host {
  readonly process?: {
    getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined
  }
  readonly Buffer?: { allocUnsafeSlow(length: number): Uint8Array }
  readonly setImmediate?: (run: () => void) => unknown
}

const host = globalThis as unknown as Host

/**
 * A module that is part of Node, or `undefined` elsewhere. It is found at run time, so that the same file
 * loads in a browser and a bundler finds no import to replace.
 */
export function nodeModule<Name extends keyof NodeModules>(
  name: Name,
): NodeModules[Name] | undefined {
  return host.process?.getBuiltinModule?.(name)
}

/** An array whose bytes are about to be overwritten: not zeroed where the host can do that. */
export function allocate(length: number): Uint8Array {
  return host.Buffer?.allocUnsafeSlow(length) ?? new Uint8Array(length)
}

/** Runs after the input that the host has at hand, in the same turn of its loop where there is such a thing. */
export function soon(run: () => void): void {
  if (host.setImmediate === undefined) setTimeout(run, 0)
  else host.setImmediate(run)
}

/** A timer that does not keep a process alive. */
export function later(ms: number, run: () => void): Disposable {
  const timer: unknown = setTimeout(run, ms)
  ;(timer as { unref?: () => void }).unref?.()
  return { [Symbol.dispose]: () => clearTimeout(timer as ReturnType<typeof setTimeout>) }
}
