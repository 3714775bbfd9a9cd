import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromJson, LineReader, maxLineLength, toJson } from '../src/control-protocol.ts'

test('payloads go through JSON and back, bytes and nesting included', () => {
  const value = { text: 'ä', list: [1, null, true, { bytes: new Uint8Array([0, 255]) }], empty: {} }
  expect(fromJson(JSON.parse(JSON.stringify(toJson(value))))).toEqual(value)
})

test('lines come out whole however they were cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string().filter((text) => !text.includes('\n') && text !== '')),
      fc.nat(7),
      (lines, size) => {
        const seen: string[] = []
        const reader = new LineReader((line) => seen.push(line))
        const text = lines.map((line) => `${line}\n`).join('')
        for (let at = 0; at < text.length; at += size + 1)
          reader.push(text.slice(at, at + size + 1))
        expect(seen).toEqual(lines)
      },
    ),
  )
})

test('a line that never ends is given up', () => {
  const reader = new LineReader(() => {})
  expect(reader.push('x'.repeat(maxLineLength))).toBe(true)
  expect(reader.push('x')).toBe(false)
})
