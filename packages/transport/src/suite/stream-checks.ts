import type { Stream } from '@kithnet/types'
import { same, sameBytes, rejects, throws, until } from './expect.ts'
import { closeOf, endOf, type Meeting, messagesOf, patterned } from './meeting.ts'

/** What streams and the link under them must do, given a fresh meeting. */
export const streamChecks: Readonly<Record<string, (meeting: Meeting) => Promise<void>>> = {
  'says who is at the other end, and how': async ({ dialler, listener, dialled, accepted }) => {
    same([dialled.remote, accepted.remote], [listener.peer, dialler.peer])
    same([dialled.info.direction, accepted.info.direction], ['dialled', 'accepted'])
    same([dialled.remoteKey.length, accepted.remoteKey.length], [1952, 1952])
    same(dialled.info.suite, accepted.info.suite)
    same(
      dialled.info.transport,
      dialler.transport.scheme === 'ws' ? 'websocket' : dialler.transport.scheme,
    )
  },
  'keeps messages whole and in order, whatever their length': async (meeting) => {
    const { near, far } = await meeting.stream('bulk')
    const lengths = [0, 1, 1_000, 65_535, 65_536, 65_537, 0, 200_000, 1_200_000, 3, 4_194_304]
    const sent = lengths.map((length, index) => patterned(length, index))
    const got = messagesOf(far, sent.length)
    for (const message of sent) near.send(message)
    for (const [index, message] of (await got).entries()) sameBytes(message, sent[index]!)
  },
  'carries many small messages': async (meeting) => {
    const { near, far } = await meeting.stream()
    const got = messagesOf(far, 20_000)
    for (let index = 0; index < 20_000; index++) {
      if (!near.send(patterned(16 + (index % 64), index))) await near.drained()
    }
    for (const [index, message] of (await got).entries()) {
      sameBytes(message, patterned(16 + (index % 64), index))
    }
  },
  'opens streams from both sides and says their class': async (meeting) => {
    const seen: string[] = []
    meeting.dialled.onStream = (stream) => seen.push(stream.class)
    meeting.accepted.open('membership')
    meeting.accepted.open('bulk')
    await until(() => seen.length === 2, 'two streams opened by the listener')
    same(seen, ['membership', 'bulk'])
    same((await meeting.stream('membership')).far.class, 'membership')
  },
  'carries both directions of a stream': async (meeting) => {
    const { near, far } = await meeting.stream()
    far.onMessage = (message) => far.send(message.toReversed())
    const back = messagesOf(near, 1)
    near.send(new Uint8Array([1, 2, 3]))
    sameBytes((await back)[0], new Uint8Array([3, 2, 1]))
  },
  'lets an urgent message overtake bulk': async (meeting) => {
    const bulk = await meeting.stream('bulk')
    const urgent = await meeting.stream('membership')
    const order: string[] = []
    const bulkGot = messagesOf(bulk.far, 2).then(() => order.push('bulk'))
    const urgentGot = messagesOf(urgent.far, 1).then(() => order.push('urgent'))
    bulk.near.send(patterned(4_194_304))
    bulk.near.send(patterned(4_194_304))
    urgent.near.send(patterned(100))
    await Promise.all([bulkGot, urgentGot])
    same(order, ['urgent', 'bulk'])
  },
  'does not starve a lower class': async (meeting) => {
    const bulk = await meeting.stream('bulk')
    const urgent = await meeting.stream('membership')
    let urgentCount = 0
    urgent.far.onMessage = () => urgentCount++
    const got = messagesOf(bulk.far, 1)
    let flooding = true
    const flood = (async () => {
      while (flooding) if (!urgent.near.send(patterned(10_000))) await urgent.near.drained()
    })()
    bulk.near.send(patterned(1_000_000))
    await got
    flooding = false
    await flood
    same(urgentCount > 0, true)
  },
  'holds a sender back while the reader pauses, and delivers all after it': async (meeting) => {
    const { near, far } = await meeting.stream()
    far.pause()
    const sent: Uint8Array[] = []
    let more = true
    while (more) {
      const message = patterned(50_000, sent.length)
      sent.push(message)
      more = near.send(message)
    }
    let drained = false
    const waiting = near.drained().then(() => (drained = true))
    for (let index = 0; index < 100 && near.queuedBytes <= 1_048_576; index++) {
      const message = patterned(50_000, sent.length)
      sent.push(message)
      near.send(message)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    same(drained && near.queuedBytes > 1_048_576, false)
    const got = messagesOf(far, sent.length)
    far.resume()
    for (const [index, message] of (await got).entries()) sameBytes(message, sent[index]!)
    await waiting
  },
  'does not let a paused stream hold up another': async (meeting) => {
    const stuck = await meeting.stream('bulk')
    const free = await meeting.stream('bulk')
    stuck.far.pause()
    for (let index = 0; index < 8; index++) stuck.near.send(patterned(1_000_000))
    const got = messagesOf(free.far, 2)
    free.near.send(patterned(1_000_000))
    free.near.send(patterned(10))
    same(
      (await got).map((message) => message.length),
      [1_000_000, 10],
    )
  },
  'refuses to queue without bound': async (meeting) => {
    const { near, far } = await meeting.stream()
    far.pause()
    let refused = false
    for (let index = 0; index < 100 && !refused; index++) {
      try {
        near.send(patterned(1_000_000))
      } catch {
        refused = true
      }
    }
    same(refused, true)
    throws(() => near.send(patterned(1_000_000)), 'transport/queue-full')
  },
  'stops waiting for room when asked to': async (meeting) => {
    const { near, far } = await meeting.stream()
    far.pause()
    while (near.send(patterned(100_000))) if (near.queuedBytes > 20_000_000) break
    await until(() => near.queuedBytes > 0, 'something queued')
    while (near.send(patterned(100_000)));
    const abort = new AbortController()
    const waiting = near.drained(abort.signal)
    abort.abort(new Error('enough'))
    same(await waiting.catch((error: unknown) => String(error)), 'Error: enough')
  },
  'refuses a message that is too long for its class, here': async (meeting) => {
    const { near, far } = await meeting.stream('membership')
    throws(() => near.send(new Uint8Array(1_200_001)), 'transport/message-too-large')
    const bulk = await meeting.stream('bulk')
    throws(() => bulk.near.send(new Uint8Array(4_194_305)), 'transport/message-too-large')
    const got = messagesOf(far, 1)
    near.send(patterned(3))
    sameBytes((await got)[0], patterned(3))
  },
  'closes a stream once the other side has it all': async (meeting) => {
    const { near, far } = await meeting.stream('bulk')
    let received = 0
    let ended = false
    far.onMessage = (message) => (received += message.length)
    far.onEnd = () => {
      ended = true
      void far.close()
    }
    const ends = Promise.all([closeOf(near), closeOf(far)])
    near.send(patterned(2_000_000))
    await near.close()
    same([received, ended], [2_000_000, true])
    same(await ends, ['closed', 'closed'])
    throws(() => near.send(patterned(1)), 'transport/stream-closed')
    same(meeting.dialled.stats().bulkStreams, 0)
  },
  'can still answer on a stream that the other side has ended': async (meeting) => {
    const { near, far } = await meeting.stream()
    far.onMessage = (message) => {
      const answer = Uint8Array.from(message)
      setTimeout(() => {
        far.send(answer)
        void far.close()
      }, 20)
    }
    const back = messagesOf(near, 1)
    near.send(patterned(9))
    void near.close()
    sameBytes((await back)[0], patterned(9))
  },
  'aborts one stream and no other': async (meeting) => {
    const dying = await meeting.stream('bulk')
    const living = await meeting.stream('bulk')
    const gone = closeOf(dying.far)
    dying.near.send(patterned(4_000_000))
    await new Promise((resolve) => setTimeout(resolve, 2))
    dying.near.abort()
    same(await gone, 'aborted')
    await rejects(dying.near.drained(), 'transport/stream-closed')
    const got = messagesOf(living.far, 1)
    living.near.send(patterned(100_000))
    sameBytes((await got)[0], patterned(100_000))
  },
  'aborts a stream from the reading side': async (meeting) => {
    const { near, far } = await meeting.stream('bulk')
    const gone = closeOf(near)
    far.onMessage = () => far.abort()
    near.send(patterned(10))
    near.send(patterned(4_000_000))
    same(await gone, 'aborted')
    const next = await meeting.stream()
    const got = messagesOf(next.far, 1)
    next.near.send(patterned(7))
    sameBytes((await got)[0], patterned(7))
  },
  'opens and closes many streams one after the other': async (meeting) => {
    for (let index = 0; index < 300; index++) {
      const { near, far } = await meeting.stream(index % 2 === 0 ? 'bulk' : 'pubsub')
      if (index % 3 === 0) far.abort()
      else far.onEnd = () => void far.close()
      const over = closeOf(near)
      if (index % 3 === 0) await over
      else await Promise.all([near.close(), over])
    }
  },
  'refuses more streams than the other side takes': async ({ dialled }) => {
    const streams: Stream[] = []
    throws(() => {
      for (let index = 0; index < 1_000; index++) streams.push(dialled.open('bulk'))
    }, 'transport/too-many-streams')
    same(streams.length, 64)
  },
  'delivers what was queued before it says goodbye': async (meeting) => {
    const { near, far } = await meeting.stream('bulk')
    const small = await meeting.stream('membership')
    const got = messagesOf(far, 1)
    const gotSmall = messagesOf(small.far, 1)
    const ends = Promise.all([endOf(meeting.dialled), endOf(meeting.accepted)])
    near.send(patterned(4_194_304))
    small.near.send(patterned(5))
    await meeting.dialled.close(10_000)
    sameBytes((await got)[0], patterned(4_194_304))
    sameBytes((await gotSmall)[0], patterned(5))
    same(
      (await ends).map(({ cause }) => cause),
      ['closed', 'closed'],
    )
    throws(() => meeting.dialled.open('bulk'), 'transport/closed')
  },
  'delivers what the other side had queued when goodbye comes': async (meeting) => {
    const { near, far } = await meeting.stream('bulk')
    const got = messagesOf(near, 1)
    far.send(patterned(3_000_000))
    await meeting.dialled.close(10_000)
    sameBytes((await got)[0], patterned(3_000_000))
  },
  'survives both sides saying goodbye at once': async ({ dialled, accepted }) => {
    const ends = Promise.all([endOf(dialled), endOf(accepted)])
    await Promise.all([dialled.close(), accepted.close()])
    same(
      (await ends).map(({ cause }) => cause),
      ['closed', 'closed'],
    )
  },
  'gives up a goodbye that the other side does not let through': async (meeting) => {
    const { near, far } = await meeting.stream('bulk')
    far.pause()
    const end = endOf(meeting.dialled)
    for (let index = 0; index < 8; index++) near.send(patterned(1_000_000))
    await meeting.dialled.close(100)
    same((await end).cause, 'reset')
  },
  'tells both sides when a link is cut': async (meeting) => {
    const { near, far } = await meeting.stream()
    const ends = Promise.all([endOf(meeting.dialled), endOf(meeting.accepted)])
    const streams = Promise.all([closeOf(near), closeOf(far)])
    meeting.dialled.destroy()
    same(
      (await ends).map(({ cause }) => cause),
      ['reset', 'reset'],
    )
    same(await streams, ['link-down', 'link-down'])
  },
  'measures round trips and counts bytes': async (meeting) => {
    const { near, far } = await meeting.stream()
    const got = messagesOf(far, 1)
    near.send(patterned(10_000))
    await got
    await until(() => meeting.dialled.stats().roundTripMs !== undefined, 'a round trip')
    same(meeting.dialled.stats().bytesSent > 10_000, true)
    same(meeting.accepted.stats().bytesReceived > 10_000, true)
    same(meeting.dialled.stats().roundTripMs! < 1_000, true)
  },
}
