import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fromHex } from '@kithnet/kernel'

const root = new URL('../../../../shared/vectors/ciris/', import.meta.url)

/** True when the foreign vectors lie beside the checkout. */
export const hasForeign: boolean = existsSync(root)

/** A foreign vector file. It is read where it lies and never copied. */
export function foreign(path: string): unknown {
  return JSON.parse(readFileSync(fileURLToPath(new URL(path, root)), 'utf8')) as unknown
}

/** Bytes of hexadecimal text. */
export function bytes(hex: string): Uint8Array<ArrayBuffer> {
  const decoded = fromHex(hex)
  if (decoded === undefined) throw new Error(`not hexadecimal: ${hex.slice(0, 20)}`)
  return decoded
}
