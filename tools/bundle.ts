import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'

/** What a bundler makes of an import. */
export interface Bundle {
  readonly code: string
  readonly gzipBytes: number
  /** Node's modules that the code imports by name. */
  readonly builtins: readonly string[]
  /** What the bundler could not resolve or compile. */
  readonly errors: readonly string[]
}

/** Bundles everything that `specifier` exports, minified, for a browser or for Node. */
export async function bundle(specifier: string, platform: 'browser' | 'node'): Promise<Bundle> {
  const builtins = new Set<string>()
  const outcome = await build({
    stdin: {
      contents: `export * from ${JSON.stringify(specifier)}`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform,
    logLevel: 'silent',
    plugins: [builtinWatch(builtins)],
  }).catch((error: unknown) => failureOf(error))
  const code = outcome.outputFiles?.[0]?.text ?? ''
  return {
    code,
    gzipBytes: gzipSync(code, { level: 9 }).length,
    builtins: [...builtins].toSorted(),
    errors: outcome.errors.map(({ text, location }) =>
      location === null ? text : `${location.file}:${location.line}: ${text}`,
    ),
  }
}

interface Failure {
  readonly outputFiles?: readonly { readonly text: string }[]
  readonly errors: readonly {
    readonly text: string
    readonly location: { readonly file: string; readonly line: number } | null
  }[]
}

function failureOf(error: unknown): Failure {
  if (typeof error === 'object' && error !== null && 'errors' in error) {
    return { errors: error.errors as Failure['errors'] }
  }
  return { errors: [{ text: String(error), location: null }] }
}

/** Leaves Node's modules out of the bundle and remembers who asked for them. */
function builtinWatch(found: Set<string>): Plugin {
  return {
    name: 'builtin-watch',
    setup(context) {
      context.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
        found.add(`${path} from ${importer.replace(/^.*\/(packages|node_modules)\//, '')}`)
        return { path, external: true }
      })
    },
  }
}
