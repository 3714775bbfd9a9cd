import { usage } from '../faults.ts'

/** A content as it is written down: its author, a slash and its id. @throws CodedError `cli/usage`. */
export function refOf(text: string): string {
  if (/^[0-9a-f]{64}\/[0-9a-f]{64}$/.test(text)) return text
  throw usage('ref', `"${text}" is no content: give what "kith content put" or "list" printed.`)
}
