import { assert, fail, ok, type Bytes, equalBytes, type Result } from '@kithnet/kernel'
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import type { PhraseFault } from './faults.ts'
import { rootBytes } from './seeds.ts'

/** Words of a recovery phrase. Source: BIP-39, 256 bits and 8 bits of checksum, 11 bits a word. */
export const phraseWords = 24
/** Longest text that is looked at: 24 words of at most 8 letters, with room for odd spacing. Source: our choice. */
const maxPhraseLength = 1024

/** The 24 English words that encode a root. Whoever reads them owns the identity. Source: BIP-39. */
export function phraseOf(root: Uint8Array): string {
  assert(root.length === rootBytes, 'a root has 32 bytes')
  return entropyToMnemonic(root, wordlist)
}

/** The root that 24 words encode. Case and spacing do not matter; the checksum does. */
export function rootFromPhrase(phrase: string): Result<Bytes, PhraseFault> {
  const refuse = (reason: PhraseFault['reason']): Result<never, PhraseFault> =>
    fail({ code: 'identity/bad-phrase', reason })
  if (phrase.length > maxPhraseLength) return refuse('word-count')
  const words = phrase.normalize('NFKD').trim().toLowerCase().split(/\s+/)
  if (words.length !== phraseWords) return refuse('word-count')
  const unknown = words.findIndex((word) => !wordlist.includes(word))
  if (unknown >= 0) {
    return fail({ code: 'identity/bad-phrase', reason: 'unknown-word', position: unknown + 1 })
  }
  try {
    return ok(Uint8Array.from(mnemonicToEntropy(words.join(' '), wordlist)))
  } catch {
    return refuse('checksum')
  }
}

/** True when the words are those of this root. */
export function isPhraseOf(phrase: string, root: Uint8Array): boolean {
  const decoded = rootFromPhrase(phrase)
  return decoded.ok && equalBytes(decoded.value, root)
}
