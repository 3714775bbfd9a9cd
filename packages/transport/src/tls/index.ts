/**
 * Links over TLS 1.3 with a post-quantum key exchange and post-quantum certificates.
 *
 * @packageDocumentation
 */
export { tlsAvailable } from './credentials.ts'
export { defaultListenCaps, type ListenCaps } from './tls-listener.ts'
export { type TlsOptions, tlsTransport } from './tls-transport.ts'
