import { fail, ok, type Result } from '@kithnet/kernel'
import { parsePeerId, type PeerId } from '@kithnet/types'
import type { RefTextFault } from '../faults.ts'

/** What a content is called: its author, whose consent it is, and the hash of its manifest. */
export interface ContentRef {
  readonly author: PeerId
  /** 64 hex digits. */
  readonly content: string
}

/** The text of a name: two times 64 hex digits with a slash between them. */
export function refText({ author, content }: ContentRef): string {
  return `${author}/${content}`
}

/** The name in a text, or `holonomic/content-ref`. */
export function parseRef(text: string): Result<ContentRef, RefTextFault> {
  const [author = '', content = '', ...more] = text.split('/')
  const peer = parsePeerId(author)
  const isContent = /^[0-9a-f]{64}$/.test(content)
  if (peer === undefined || !isContent || more.length > 0) {
    return fail({ code: 'holonomic/content-ref', text: text.slice(0, refTextLength + 1) })
  }
  return ok({ author: peer, content })
}

/** Source: the form above. */
const refTextLength = 129
