import { createPrivateKey, createPublicKey, constants, sign } from 'node:crypto'
import {
  connect,
  type ConnectionOptions,
  createServer,
  type TlsOptions,
  type TLSSocket,
} from 'node:tls'
import { createIdentity } from '@kithnet/identity'
import {
  pem,
  privateKeyInfo,
  selfSignedCertificate,
} from '../../../packages/transport/src/tls/certificate.ts'
import { CountReader, LengthReader } from './length-reader.ts'
import {
  acksAfter,
  CountWaiter,
  encodeCount,
  type Messenger,
  serveWhenAsked,
  type Subject,
} from './subject.ts'

/** The same TLS session and nothing on top but a length before each message: what a link could reach at most. */
export const bareTls: Subject = {
  serve() {
    const server = createServer(session(), (socket) => {
      let count = 0
      socket.setNoDelay(true)
      const reader = new LengthReader((length) => {
        if (acksAfter(++count, length)) socket.write(encodeCount(count))
      })
      socket.on('data', (chunk: Buffer) => reader.push(chunk))
    })
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const bound = server.address()
        resolve(String(typeof bound === 'object' ? bound?.port : bound))
      })
    })
  },
  dial(address) {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...session(), host: '127.0.0.1', port: Number(address) }, () => {
        socket.setNoDelay(true)
        resolve(new SocketMessenger(socket))
      })
      socket.once('error', reject)
    })
  },
}

class SocketMessenger implements Messenger {
  readonly #socket: TLSSocket
  readonly #waiter = new CountWaiter()

  constructor(socket: TLSSocket) {
    this.#socket = socket
    const reader = new CountReader((count) => this.#waiter.rise(count))
    socket.on('data', (chunk: Buffer) => reader.push(chunk))
  }

  send(message: Uint8Array): Promise<void> | undefined {
    this.#socket.cork()
    this.#socket.write(encodeCount(message.length))
    const more = this.#socket.write(message)
    this.#socket.uncork()
    if (more || this.#socket.writableLength < 1_048_576) return undefined
    return new Promise((resolve) => this.#socket.once('drain', resolve))
  }

  received(count: number): Promise<number> {
    return this.#waiter.reach(count)
  }

  close(): Promise<void> {
    this.#socket.destroy()
    return Promise.resolve()
  }
}

function session(): TlsOptions & ConnectionOptions {
  const seed = createIdentity().exportSeed('ml-dsa-65')
  const keyPem = pem('PRIVATE KEY', privateKeyInfo(seed))
  const key = createPrivateKey(keyPem)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const publicKey = spki.subarray(spki.length - 1952)
  const cert = selfSignedCertificate(publicKey, (message) => sign(null, message, key))
  return {
    key: keyPem,
    cert: pem('CERTIFICATE', cert),
    minVersion: 'TLSv1.3',
    ecdhCurve: 'X25519MLKEM768',
    sigalgs: 'mldsa65',
    ciphers: 'TLS_AES_256_GCM_SHA384',
    secureOptions: constants.SSL_OP_NO_TICKET,
    requestCert: true,
    rejectUnauthorized: false,
  }
}

await serveWhenAsked(bareTls, import.meta.main)
