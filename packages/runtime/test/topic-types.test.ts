import type { Guarantee, Message, MessagesOptions, Node, Topic } from '@kithnet/runtime'
import type { StandardSchema } from '@kithnet/types'
import { expectTypeOf, test } from 'vitest'

declare const node: Node
declare const schema: StandardSchema<{ at: string }, { at: Date }>

test('what a topic carries and promises shows in its type', () => {
  const calls = () => {
    const plain = node.topic('t')
    const fifo = node.topic('t', { delivery: 'fifo' })
    const typed = node.topic('t', schema)
    const causal = node.topic('t', schema, { delivery: 'causal' })
    const durable = node.topic('t', schema, { delivery: 'durable', keep: { messages: 10 } })
    const brief = node.topic('t', { delivery: 'ephemeral' })
    return { plain, fifo, typed, causal, durable, brief }
  }
  type Topics = ReturnType<typeof calls>
  expectTypeOf<Topics['plain']>().toEqualTypeOf<Topic>()
  expectTypeOf<Topics['fifo']['delivery']>().toEqualTypeOf<'fifo'>()
  expectTypeOf<Topics['typed']['delivery']>().toEqualTypeOf<'reliable'>()
  expectTypeOf<Topics['typed']['publish']>().parameter(0).toEqualTypeOf<{ at: string }>()
  type Read<T extends { messages(): AsyncIterable<unknown> }> =
    ReturnType<T['messages']> extends AsyncIterable<infer One> ? One : never
  expectTypeOf<Read<Topics['typed']>['value']>().toEqualTypeOf<{ at: Date }>()
  expectTypeOf<Read<Topics['causal']>['unmet']>().toEqualTypeOf<number>()
  expectTypeOf<Read<Topics['durable']>['position']>().toEqualTypeOf<number>()
  expectTypeOf<Read<Topics['typed']>>().not.toHaveProperty('position')
  expectTypeOf<Read<Topics['fifo']>>().not.toHaveProperty('unmet')
  expectTypeOf<Topics['brief']>().not.toHaveProperty('missing')
  expectTypeOf<Topics['brief']>().not.toHaveProperty('on')
  expectTypeOf<Topics['fifo']>().toHaveProperty('missing')
})

test('only a durable topic can be read from its past, and only receipts that were asked for come', () => {
  expectTypeOf<MessagesOptions<'durable'>>().toHaveProperty('since')
  expectTypeOf<MessagesOptions<'fifo'>>().not.toHaveProperty('since')
  expectTypeOf<Message<string, 'durable'>['value']>().toEqualTypeOf<string>()
  expectTypeOf<Guarantee>().toEqualTypeOf<
    'ephemeral' | 'reliable' | 'fifo' | 'causal' | 'durable'
  >()
  const publishing = async (topic: Topic<string>) => {
    const plain = await topic.publish('x')
    const confirmed = await topic.publish('x', { receipts: { from: [] } })
    return { plain, confirmed }
  }
  type Outcomes = Awaited<ReturnType<typeof publishing>>
  expectTypeOf<Outcomes['plain']>().not.toHaveProperty('receipts')
  expectTypeOf<Outcomes['confirmed']['receipts']['confirmed']>().items.toBeString()
})
