import { describe, expect, it } from 'vitest'
import {
  type BatchMessage,
  type FragmentMessage,
  type ManifestMessage,
  prefixOf,
  type PubsubMessage,
} from '@kithnet/pubsub'
import { fragmentBytes, type MessageId, type PeerId } from '@kithnet/types'
import { idOf, peer, Subject } from './subject.ts'

const payloadOf = (mark: number, bytes = 3 * fragmentBytes + 10): Uint8Array =>
  new Uint8Array(bytes).map((_, index) => (index * mark) & 255)

interface Sent {
  readonly id: MessageId
  readonly author: PeerId
  readonly batch: BatchMessage
  readonly manifest: ManifestMessage
  readonly pieces: readonly FragmentMessage[]
  readonly all: readonly PubsubMessage[]
}

/** What an author sends for one message of four pieces. */
function published(mark: number, bytes?: number): Sent {
  const author = new Subject({}, ['receiver'], 'author')
  author.publish(1, payloadOf(mark, bytes))
  author.sign()
  const all = author.sent.map(({ message }) => message)
  const [batch, manifest, ...pieces] = all
  const [first] = pieces
  if (batch?.type !== 'batch' || manifest?.type !== 'manifest' || first?.type !== 'fragment') {
    throw new Error('not a large message')
  }
  const fragments = pieces as readonly FragmentMessage[]
  return { id: first.id, author: author.self, batch, manifest, pieces: fragments, all }
}

/** A subject that has the verified batch and the manifest from `author`. */
function receiving(sent: Sent, neighbours: readonly string[]): Subject {
  const subject = new Subject({}, neighbours)
  subject.from('author', sent.batch)
  subject.verify()
  subject.from('author', sent.manifest)
  return subject
}

describe('large messages', () => {
  it('travel as a manifest and fragments, under the id that the payload has', () => {
    const { all } = published(3)
    expect(all.map(({ type }) => type)).toEqual([
      'batch',
      'manifest',
      ...Array.from({ length: 4 }, () => 'fragment'),
    ])
    const subject = new Subject({}, ['author', 'b'])
    subject.from('author', ...all)
    subject.verify()
    const [delivery] = subject.delivered
    expect(delivery?.payload).toEqual(payloadOf(3))
    const { topic, author, stream, seq, payload } = delivery!
    expect(delivery?.id).toBe(idOf({ type: 'eager', topic, author, stream, seq, payload }))
    expect(subject.sentTo('b')).toEqual(all.map(({ type }) => type))
  })

  it('go to the links of the author piece by piece', () => {
    const author = new Subject({}, ['a', 'b'], 'author')
    author.publish(1, payloadOf(3))
    author.sign()
    const order = author.sent.flatMap(({ to, message }) =>
      message.type === 'fragment' ? [`${to === peer('a') ? 'a' : 'b'}${message.index}`] : [],
    )
    expect(order).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3'])
  })

  it('go on piece by piece, and not before the batch is verified', () => {
    const sent = published(3)
    const subject = new Subject({}, ['author', 'b'])
    subject.from('author', sent.batch, sent.manifest, sent.pieces[0]!)
    expect(subject.sent).toEqual([])
    subject.verify()
    expect(subject.sentTo('b')).toEqual(['batch', 'manifest', 'fragment'])
    expect(subject.pubsub.view().neighbours[0]?.pendingBytes).toBe(0)
    subject.from('author', sent.pieces[2]!)
    expect(subject.messagesTo('b', 'fragment').map(({ index }) => index)).toEqual([0, 2])
    expect(subject.delivered).toEqual([])
    subject.from('author', sent.pieces[1]!, sent.pieces[3]!)
    expect(subject.delivered).toHaveLength(1)
    expect(subject.messagesTo('b', 'fragment').map(({ index }) => index)).toEqual([0, 2, 1, 3])
    subject.pass(1_000)
    expect(subject.sentTo('b')).not.toContain('ihave')
  })

  it('take fragments in any order, from anybody, once each', () => {
    const { batch, manifest, pieces } = published(5)
    const subject = new Subject({}, ['author', 'b', 'c'])
    subject.from('author', batch, manifest, pieces[3]!, pieces[3]!)
    subject.from('b', manifest, pieces[0]!, pieces[2]!, pieces[1]!)
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
    expect(subject.messagesTo('c', 'fragment')).toHaveLength(4)
  })

  it('prune whoever brings a manifest that is here, in the middle', () => {
    const sent = published(3)
    const subject = receiving(sent, ['author', 'b', 'c'])
    subject.from('b', sent.manifest)
    expect(subject.messagesTo('b', 'prune')).toMatchObject([{ source: sent.author }])
    subject.from('c', { type: 'prune', source: sent.author })
    subject.from('author', ...sent.pieces)
    expect(subject.messagesTo('b', 'fragment')).toEqual([])
    expect(subject.messagesTo('c', 'fragment')).toEqual([])
    expect(subject.delivered).toHaveLength(1)
  })

  it('are announced, once whole, to a link that could not keep up', () => {
    const sent = published(3)
    const subject = receiving(sent, ['author', 'b'])
    subject.from('author', sent.pieces[0]!)
    subject.feed({ type: 'congested', peer: peer('b') })
    subject.from('author', ...sent.pieces.slice(1))
    subject.feed({ type: 'drained', peer: peer('b') })
    expect(subject.messagesTo('b', 'fragment').map(({ index }) => index)).toEqual([0])
    expect(subject.messagesTo('b', 'ihave')).toMatchObject([{ prefixes: [prefixOf(sent.id)] }])
  })

  it('lose the link of a bad piece, and take the right one from elsewhere', () => {
    const sent = published(7)
    const subject = receiving(sent, ['author', 'liar', 'b'])
    const [first] = sent.pieces
    subject.from('liar', { ...first!, bytes: first!.bytes.map((byte) => byte ^ 1) })
    expect(subject.blames('liar')).toEqual(['pubsub/wrong-fragment'])
    expect(subject.messagesTo('b', 'fragment')).toEqual([])
    subject.from('author', ...sent.pieces)
    expect(subject.delivered).toHaveLength(1)
  })

  it('ask another source for the missing pieces alone when the link that sends them is lost', () => {
    const sent = published(9)
    const subject = receiving(sent, ['author', 'b', 'c'])
    subject.from('author', sent.pieces[1]!)
    subject.from('c', { type: 'ihave', prefixes: [prefixOf(sent.id)] })
    subject.feed({ type: 'gone', peer: peer('author') })
    expect(subject.messagesTo('c', 'wantFragments')).toMatchObject([
      { id: sent.id, indexes: [0, 2, 3] },
    ])
    subject.from('c', sent.pieces[0]!, sent.pieces[2]!, sent.pieces[3]!)
    expect(subject.delivered).toHaveLength(1)
    expect(subject.pubsub.view().missing).toBe(0)
  })

  it('ask one source after the other when pieces stop to come, and blame who stopped', () => {
    const sent = published(11)
    const subject = receiving(sent, ['author', 'b', 'c'])
    subject.from('author', sent.pieces[0]!)
    for (const name of ['b', 'c']) subject.from(name, sent.manifest)
    subject.pass(1_200)
    expect(subject.blames('author')).toContain('pubsub/unanswered')
    expect(subject.messagesTo('b', 'wantFragments')).toHaveLength(1)
    subject.from('b', { type: 'gone', prefixes: [prefixOf(sent.id)] })
    expect(subject.messagesTo('c', 'wantFragments')).toHaveLength(1)
    subject.from('c', ...sent.pieces)
    expect(subject.delivered).toHaveLength(1)
  })

  it('are pulled whole when nobody has given the pieces', () => {
    const sent = published(9)
    const subject = receiving(sent, ['author', 'b'])
    subject.pass(20_000)
    expect(subject.messagesTo('b', 'wantFragments')).toHaveLength(1)
    expect(subject.sentTo('author')).toContain('iwant')
    subject.from('author', sent.manifest, ...sent.pieces)
    expect(subject.delivered).toHaveLength(1)
  })

  it('are given in pieces while they come and when they are whole, and only what is verified', () => {
    const sent = published(13)
    const subject = new Subject({}, ['author', 'b'])
    const want: PubsubMessage = { type: 'wantFragments', id: sent.id, indexes: [1, 1, 2] }
    subject.from('author', sent.batch, sent.manifest, sent.pieces[1]!)
    subject.from('stranger', want)
    expect(subject.sentTo('stranger')).toEqual(['gone'])
    subject.verify()
    subject.from('stranger', want)
    expect(subject.messagesTo('stranger', 'fragment').map(({ index }) => index)).toEqual([1])
    subject.from('author', ...sent.pieces)
    subject.from('stranger', want)
    const indexes = subject.messagesTo('stranger', 'fragment').map(({ index }) => index)
    expect(indexes).toEqual([1, 1, 2])
    subject.from('stranger', { ...want, indexes: [4, 200] })
    expect(subject.sentTo('stranger').at(-1)).toBe('gone')
  })

  it('go on to a link that grafts in the middle', () => {
    const sent = published(15)
    const subject = receiving(sent, ['author', 'b'])
    subject.from('b', { type: 'prune', source: sent.author })
    subject.from('author', sent.pieces[0]!, sent.pieces[1]!)
    expect(subject.messagesTo('b', 'fragment')).toEqual([])
    subject.from('b', { type: 'graft', source: sent.author })
    subject.from('author', ...sent.pieces.slice(2))
    expect(subject.messagesTo('b', 'manifest')).toHaveLength(2)
    expect(subject.messagesTo('b', 'fragment')).toHaveLength(4)
  })

  it('keep a bound per link that other links do not feel, and free it', () => {
    const subject = new Subject({}, ['liar', 'author', 'b'])
    const mebibyte = 16 * fragmentBytes
    for (let mark = 1; mark <= 9; mark++) {
      const { batch, manifest } = published(mark, mebibyte)
      subject.from('liar', batch, manifest)
    }
    subject.verify()
    expect(subject.blames('liar')).toContain('pubsub/too-much-unverified')
    const sent = published(20, mebibyte)
    subject.from('author', sent.batch)
    subject.verify()
    subject.from('author', sent.manifest, ...sent.pieces)
    expect(subject.delivered).toHaveLength(1)
    subject.pass(60_000)
    expect(subject.pubsub.view().neighbours[0]?.pendingBytes).toBe(0)
  })

  it('refuse a manifest above the bound', () => {
    const subject = new Subject({ maxPayloadBytes: fragmentBytes }, ['author'])
    subject.from('author', published(3).manifest)
    expect(subject.blames('author')).toEqual(['pubsub/too-much-unverified'])
  })
})
