import { expect, test } from 'vitest'
import * as cli from '@kithnet/cli'

test('exports', () => {
  expect(Object.keys(cli)).toMatchInlineSnapshot(`
    [
      "ControlClient",
      "advertTopic",
      "coordinatorProgram",
      "exitCode",
      "kithProgram",
      "runProgram",
    ]
  `)
})
