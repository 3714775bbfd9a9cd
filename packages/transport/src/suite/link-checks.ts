import type { Link } from '@kithnet/types'
import { networkId } from '@kithnet/types'
import { rejects, same, until } from './expect.ts'
import {
  endOf,
  meet,
  patterned,
  suiteLimits,
  suiteNetwork,
  type TransportFixture,
} from './meeting.ts'

const options = { network: suiteNetwork, limits: suiteLimits }

/** What dialling, listening and ends of links must do. */
export const linkChecks: Readonly<Record<string, (fixture: TransportFixture) => Promise<void>>> = {
  'does not dial without saying whom': async (fixture) => {
    const { transport } = await fixture.create(options)
    await rejects(transport.dial(fixture.nobody, {}), 'transport/whom')
    await rejects(transport.dial(fixture.nobody, { firstContact: false }), 'transport/whom')
    await transport.close()
  },
  'refuses the wrong peer': async (fixture) => {
    const [dialler, listener, other] = await Promise.all([
      fixture.create(options),
      fixture.create(options),
      fixture.create(options),
    ])
    let accepted = 0
    const { address } = await listener.transport.listen(fixture.listenOn, () => accepted++)
    await rejects(dialler.transport.dial(address, { expect: other.peer }), 'transport/wrong-peer')
    const link = await dialler.transport.dial(address, { expect: listener.peer })
    await until(() => accepted > 0, 'the right one')
    same(accepted, 1)
    link.destroy()
    await Promise.all([dialler, listener, other].map(({ transport }) => transport.close()))
  },
  'meets a stranger on first contact': async (fixture) => {
    const [dialler, listener] = await Promise.all([
      fixture.create(options),
      fixture.create(options),
    ])
    const { address } = await listener.transport.listen(fixture.listenOn, () => {})
    const link = await dialler.transport.dial(address, { firstContact: true })
    same(link.remote, listener.peer)
    await Promise.all([dialler.transport.close(), listener.transport.close()])
  },
  'refuses a peer of another network': async (fixture) => {
    const [dialler, listener] = await Promise.all([
      fixture.create({ ...options, network: networkId('elsewhere') }),
      fixture.create(options),
    ])
    let accepted = 0
    const { address } = await listener.transport.listen(fixture.listenOn, () => accepted++)
    const dialling = dialler.transport.dial(address, { expect: listener.peer })
    const code = await dialling.then(
      () => 'a link',
      (error: { readonly code?: string }) => error.code,
    )
    same(['transport/wrong-network', 'transport/refused'].includes(code ?? ''), true)
    same(accepted, 0)
    await Promise.all([dialler.transport.close(), listener.transport.close()])
  },
  'refuses a link to oneself': async (fixture) => {
    const { transport, peer } = await fixture.create(options)
    let accepted = 0
    const { address } = await transport.listen(fixture.listenOn, () => accepted++)
    await rejects(transport.dial(address, { expect: peer }), 'transport/own-peer')
    same(accepted, 0)
    await transport.close()
  },
  'says when nobody is there': async (fixture) => {
    const { transport } = await fixture.create(options)
    await rejects(transport.dial(fixture.nobody, { firstContact: true }), 'transport/unreachable')
    await transport.close()
  },
  'gives up dialling when asked to': async (fixture) => {
    const [dialler, listener] = await Promise.all([
      fixture.create(options),
      fixture.create(options),
    ])
    let link: Link | undefined
    const { address } = await listener.transport.listen(fixture.listenOn, (accepted) => {
      link = accepted
    })
    const reason = new Error('changed my mind')
    const early = dialler.transport.dial(address, {
      firstContact: true,
      signal: AbortSignal.abort(reason),
    })
    same(await early.catch((error: unknown) => error === reason), true)
    const abort = new AbortController()
    const dialling = dialler.transport.dial(address, { firstContact: true, signal: abort.signal })
    abort.abort(reason)
    same(await dialling.catch((error: unknown) => error === reason), true)
    same(link, undefined)
    await Promise.all([dialler.transport.close(), listener.transport.close()])
  },
  'says when an address is taken, and frees it on close': async (fixture) => {
    const [first, second] = await Promise.all([fixture.create(options), fixture.create(options)])
    const listener = await first.transport.listen(fixture.listenOn, () => {})
    await rejects(
      second.transport.listen(listener.address, () => {}),
      'transport/address-in-use',
    )
    await listener.close()
    const again = await second.transport.listen(listener.address, () => {})
    same(again.address, listener.address)
    await Promise.all([first.transport.close(), second.transport.close()])
  },
  'takes no more links once a listener is closed, and keeps those that stand': async (fixture) => {
    const [dialler, listener] = await Promise.all([
      fixture.create(options),
      fixture.create(options),
    ])
    let echoed = 0
    const listening = await listener.transport.listen(fixture.listenOn, (link) => {
      link.onStream = (stream) => {
        stream.onMessage = () => echoed++
      }
    })
    const link = await dialler.transport.dial(listening.address, { firstContact: true })
    const stream = link.open('pubsub')
    stream.send(patterned(1))
    await until(() => echoed === 1, 'the first message')
    await listening.close()
    await rejects(
      dialler.transport.dial(listening.address, { firstContact: true }),
      'transport/unreachable',
    )
    stream.send(patterned(1))
    await until(() => echoed === 2, 'a message after the listener closed')
    await Promise.all([dialler.transport.close(), listener.transport.close()])
  },
  'ends all links when a transport is closed, and makes no more': async (fixture) => {
    const meeting = await meet(fixture, suiteLimits)
    const end = endOf(meeting.dialled)
    await meeting.listener.transport.close()
    same((await end).cause, 'closed')
    await meeting.dialler.transport.close()
    await rejects(
      meeting.dialler.transport.dial(fixture.nobody, { firstContact: true }),
      'transport/closed',
    )
    await rejects(
      meeting.dialler.transport.listen(fixture.listenOn, () => {}),
      'transport/closed',
    )
  },
  'makes many links at once': async (fixture) => {
    const listener = await fixture.create(options)
    const accepted: Link[] = []
    const { address } = await listener.transport.listen(fixture.listenOn, (link) => {
      accepted.push(link)
      link.onStream = (stream) => {
        stream.onMessage = (message) => stream.send(Uint8Array.from(message))
      }
    })
    const dialler = await fixture.create(options)
    const links = await Promise.all(
      Array.from({ length: 30 }, () => dialler.transport.dial(address, { expect: listener.peer })),
    )
    const answers = links.map((link, index) => {
      const stream = link.open('pubsub')
      const answer = new Promise<number>((resolve) => {
        stream.onMessage = (message) => resolve(message.length)
      })
      stream.send(patterned(index * 1_000))
      return answer
    })
    same(
      await Promise.all(answers),
      links.map((_, index) => index * 1_000),
    )
    same(accepted.length, 30)
    await Promise.all([dialler.transport.close(), listener.transport.close()])
  },
  'keeps an idle link alive': async (fixture) => {
    const meeting = await meet(fixture, { keepaliveMs: 20, deadMs: 120 })
    let gone = false
    meeting.dialled.onClose = () => (gone = true)
    await new Promise((resolve) => setTimeout(resolve, 360))
    same(gone, false)
    await meeting[Symbol.asyncDispose]()
  },
  'relayed: notices a peer that went silent': async (fixture) => {
    const [dialler, listener] = await Promise.all([
      fixture.create(options),
      fixture.create(options),
    ])
    const arrival = Promise.withResolvers<Link>()
    const { address } = await listener.transport.listen(fixture.listenOn, (link) => {
      arrival.resolve(link)
    })
    const relay = await fixture.relay!(address)
    const link = await dialler.transport.dial(relay.address, { expect: listener.peer })
    const ends = Promise.all([endOf(link), endOf(await arrival.promise)])
    relay.swallow()
    for (const { cause, code } of await ends) same([cause, code], ['reset', 'transport/silent'])
    await Promise.all([dialler.transport.close(), listener.transport.close()])
    await relay.close()
  },
}
