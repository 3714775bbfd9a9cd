import { basename, join } from 'node:path'
import { build } from 'esbuild'

/**
 * A script of this folder as JavaScript, as users have the packages: Node needs some 20 MB and a second to strip their
 * types. What it imports late stays apart; noble and cbor-x are not bundled, so that a baseline can share them.
 */
export async function compiled(script: string): Promise<string> {
  const name = basename(script, '.ts')
  const outdir = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'fleet', name)
  await build({
    entryPoints: [join(import.meta.dirname, script)],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    external: ['@noble/post-quantum/*', 'cbor-x', 'cbor-x/*'],
    // Some libraries are CommonJS.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    logLevel: 'silent',
  })
  return join(outdir, `${name}.mjs`)
}
