import { mkdirSync, writeFileSync } from 'node:fs'
import { makeVectors } from '../../packages/wire/test/make-vectors.ts'

/** Writes vectors/wire anew: each run gives the same bytes. */
const folder = new URL('../../vectors/wire/', import.meta.url)

mkdirSync(folder, { recursive: true })
for (const [name, text] of makeVectors()) writeFileSync(new URL(`${name}.json`, folder), text)
