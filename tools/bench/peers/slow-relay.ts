import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay whose bytes take their time. */
export interface SlowRelay extends AsyncDisposable {
  readonly port: number
}

/** Passes bytes to a port of this machine, each direction at so many bytes a millisecond. */
export function slowRelay(to: number, bytesPerMs: number): Promise<SlowRelay> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const [from, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => other.destroy())
      from.on('close', () => other.destroy())
      forwardSlowly(from, other, bytesPerMs)
    }
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address()
      resolve({
        port: typeof bound === 'object' && bound !== null ? bound.port : 0,
        async [Symbol.asyncDispose]() {
          for (const socket of sockets) socket.destroy()
          await new Promise((closed) => server.close(closed))
        },
      })
    })
  })
}

/** Reads a chunk, writes it piece by piece when the wire would have carried it, then reads the next. */
function forwardSlowly(from: Socket, to: Socket, bytesPerMs: number): void {
  let freeAt = 0
  from.on('data', (chunk: Buffer) => {
    from.pause()
    let at = 0
    const step = (): void => {
      freeAt = Math.max(freeAt, performance.now() - catchUpMs)
      while (at < chunk.length && freeAt <= performance.now()) {
        const piece = chunk.subarray(at, at + pieceBytes)
        to.write(piece)
        at += piece.length
        freeAt += piece.length / bytesPerMs
      }
      if (at < chunk.length) setTimeout(step, Math.max(1, freeAt - performance.now()))
      else from.resume()
    }
    step()
  })
}

/** What a late timer makes up for. */
const catchUpMs = 5
/** About a packet. */
const pieceBytes = 1_460
