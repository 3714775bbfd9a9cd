import { expect, test } from 'vitest'
import { GroupCommit } from '@kithnet/store/group-commit'

/** Writes down what a transaction is asked for. */
function recorder(): { readonly calls: string[]; readonly group: GroupCommit } {
  const calls: string[] = []
  const transaction = {
    begin: () => calls.push('begin'),
    commit: () => calls.push('commit'),
    rollback: () => calls.push('rollback'),
  }
  return { calls, group: new GroupCommit(transaction, 100) }
}

test('everything of one turn shares a commit, in the order of the calls', async () => {
  const { calls, group } = recorder()
  const run = (name: string): Promise<string> => group.change(1, () => (calls.push(name), name))
  const all = Promise.all([run('a'), group.read(() => calls.push('read')), run('b')])
  expect(calls).toEqual([])
  await all
  expect(calls).toEqual(['begin', 'a', 'read', 'b', 'commit'])
})

test('a read does not wait when nothing does', async () => {
  const { calls, group } = recorder()
  expect(await group.read(() => 7)).toBe(7)
  expect(calls).toEqual([])
})

test('who fails, fails alone; the others are run again without it, in order', async () => {
  const { group } = recorder()
  let done: number[] = []
  const jobs = Array.from({ length: 9 }, (_, index) =>
    group.change(1, () => {
      if (index === 4) throw new Error('four')
      done.push(index)
      return index
    }),
  )
  group.flush()
  const outcomes = await Promise.allSettled(jobs)
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
    Array.from({ length: 9 }, (_, index) => index !== 4),
  )
  done = done.slice(-8)
  expect(done).toEqual(done.toSorted())
})

test('a group that holds many bytes does not wait for the end of the turn', async () => {
  const { calls, group } = recorder()
  const first = group.change(60, () => calls.push('a'))
  expect(calls).toEqual([])
  const second = group.change(60, () => calls.push('b'))
  expect(calls).toEqual(['begin', 'a', 'b', 'commit'])
  await Promise.all([first, second])
})

test('a commit that fails undoes its group and tells every member', async () => {
  const transaction = {
    begin: () => undefined,
    commit: () => {
      throw new Error('disk')
    },
    rollback: () => undefined,
  }
  const group = new GroupCommit(transaction, 100)
  const outcomes = await Promise.allSettled([group.change(1, () => 1), group.change(1, () => 2)])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
