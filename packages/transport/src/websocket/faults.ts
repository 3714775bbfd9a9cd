import type { UseFault } from '../faults.ts'

/** Why a WebSocket could not be listened on or dialled. */
export type WebsocketFault =
  | UseFault
  /** This host, a browser, opens no listening sockets. */
  | { readonly code: 'transport/no-listening' }
