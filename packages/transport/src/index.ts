/**
 * Post-quantum links between peers: many streams over one encrypted connection, with priorities, credit,
 * backpressure, keepalive and a goodbye. Transports are subpaths: `memory`, `tls`, `websocket`; `suite` is what every
 * transport must pass.
 *
 * @packageDocumentation
 */
export type {
  AcceptFault,
  LinkFault,
  RefusalReason,
  TlsFault,
  TransportFault,
  UseFault,
} from './faults.ts'
export {
  type BytesByClass,
  defaultLinkLimits,
  type LinkLimits,
  maxConfigurableMessageBytes,
} from './limits.ts'
export { type LinkOptions, openLink } from './session.ts'
export { LinkTable, type LinkTableEvent, type LinkTableOutput } from './link-table.ts'
export type { Pipe } from './pipe.ts'
