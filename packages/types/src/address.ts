import { type Brand, type Fault, fail, ok, type Result } from '@kithnet/kernel'

/** Where a peer can be reached: `tls://host:port`, `ws://host:port`, `wss://host:port` or `memory://name`. */
export type Address = Brand<string, 'Address'>

/** Longest address, in UTF-16 units. Source: our choice; a DNS name has at most 253. */
export const maxAddressLength = 280

/** Most addresses in one descriptor or ticket. Source: our choice. */
export const maxAddresses = 8

/** An address taken apart. */
export interface AddressParts {
  readonly scheme: string
  readonly host: string
  /** 0 for schemes without ports. */
  readonly port: number
}

/** Fault of `address`. */
export interface AddressFault extends Fault {
  readonly code: 'types/bad-address'
  readonly text: string
}

const pattern = /^(tls|ws|wss):\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/
const memoryPattern = /^memory:\/\/([A-Za-z0-9._-]+)$/

/** Parses an address that a person or a peer gave. */
export function address(text: string): Result<Address, AddressFault> {
  if (text.length > maxAddressLength || partsOf(text) === undefined) {
    return fail({ code: 'types/bad-address', text: text.slice(0, maxAddressLength) })
  }
  return ok(text as Address)
}

/** The parts of a parsed address. An IPv6 host comes without brackets. */
export function addressParts(where: Address): AddressParts {
  return partsOf(where)!
}

/** The address of these parts. */
export function addressOf(parts: AddressParts): Address {
  if (parts.scheme === 'memory') return `memory://${parts.host}` as Address
  const host = parts.host.includes(':') ? `[${parts.host}]` : parts.host
  return `${parts.scheme}://${host}:${parts.port}` as Address
}

function partsOf(text: string): AddressParts | undefined {
  const memory = memoryPattern.exec(text)
  if (memory !== null) return { scheme: 'memory', host: memory[1]!, port: 0 }
  const found = pattern.exec(text)
  if (found === null) return undefined
  const port = Number(found[3])
  if (port > 65535) return undefined
  return { scheme: found[1]!, host: found[2]!.replace(/^\[|\]$/g, ''), port }
}
