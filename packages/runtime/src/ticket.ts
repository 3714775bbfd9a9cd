import { CodedError, equalBytes, fail, ok, type Result } from '@kithnet/kernel'
import {
  type Address,
  address,
  badShape,
  decodeCbor,
  encodeCbor,
  hash,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isText,
  isTuple,
  maxAddresses,
  maxAddressLength,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { TicketFault } from './faults.ts'

/** Everything a newcomer needs: which network, whom to meet there, and where. */
export interface Ticket {
  readonly network: NetworkId
  readonly peer: PeerId
  readonly addresses: readonly Address[]
}

const prefix = 'kith1'
const checksumBytes = 4
/** Longest ticket text. Source: eight addresses of 280 characters, in base 32. */
const maxTicketLength = 4_000
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** The text of a ticket: `kith1` and base 32 (RFC 4648, lower case, no padding) of its bytes and a checksum. */
export function ticketText(ticket: Ticket): string {
  const body = encodeCbor([1, idToBytes(ticket.network), idToBytes(ticket.peer), ticket.addresses])
  const checksum = hash('ticket', body).subarray(0, checksumBytes)
  return prefix + toBase32(new Uint8Array([...body, ...checksum]))
}

/** The ticket of a text that a person typed or pasted. */
export function parseTicket(text: string): Result<Ticket, TicketFault> {
  const trimmed = text.trim()
  if (!trimmed.startsWith(prefix)) return bad('it does not begin with kith1')
  if (trimmed.length > maxTicketLength) return bad('it is too long')
  const bytes = fromBase32(trimmed.slice(prefix.length))
  if (bytes === undefined || bytes.length <= checksumBytes)
    return bad('it has characters that none has')
  const body = bytes.subarray(0, -checksumBytes)
  const checksum = hash('ticket', body).subarray(0, checksumBytes)
  if (!equalBytes(checksum, bytes.subarray(-checksumBytes))) {
    return bad('its checksum is wrong: a character is missing or mistyped')
  }
  const decoded = decodeCbor(body)
  if (!decoded.ok || !isTuple(decoded.value, 4)) return bad('its content is malformed')
  const [version, network, peer, addresses] = decoded.value
  if (version !== 1) return bad('it is of another version')
  if (!isBytes(network, idBytes) || !isBytes(peer, idBytes) || !isList(addresses, maxAddresses)) {
    return bad('its content is malformed')
  }
  const parsed: Address[] = []
  for (const one of addresses) {
    const found = isText(one, maxAddressLength) ? address(one) : badShape('ticket.addresses')
    if (!found.ok) return bad('it has an address that none could dial')
    parsed.push(found.value)
  }
  return ok({
    network: networkIdFromBytes(network),
    peer: peerIdFromBytes(peer),
    addresses: parsed,
  })
}

/** @throws CodedError `runtime/bad-ticket` when the text is not a ticket. */
export function ticketOf(text: string): Ticket {
  const parsed = parseTicket(text)
  if (parsed.ok) return parsed.value
  throw new CodedError(parsed.fault, `This is not a ticket: ${parsed.fault.why}. Copy it whole.`)
}

function bad(why: string): Result<Ticket, TicketFault> {
  return fail({ code: 'runtime/bad-ticket', why })
}

function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]!
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31]!
}

function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let at = 0
  let bits = 0
  let held = 0
  for (const character of text) {
    const value = alphabet.indexOf(character)
    if (value < 0) return undefined
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >> bits
      held &= (1 << bits) - 1
    }
  }
  return held === 0 && bits < 5 ? bytes : undefined
}
