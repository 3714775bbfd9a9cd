/**
 * What every transport must do, as tests for any runner that has `it`.
 *
 * @packageDocumentation
 */
import { linkChecks } from './suite/link-checks.ts'
import { streamChecks } from './suite/stream-checks.ts'
import { meet, type TransportFixture } from './suite/meeting.ts'

export type { Relay, Side, SideOptions, TransportFixture } from './suite/meeting.ts'

/** Registers a test: `it` of vitest or `test` of node:test. */
export type Register = (name: string, run: () => Promise<void>) => void

/** Registers the acceptance suite of the `Transport`, `Link` and `Stream` contracts. */
export function transportSuite(register: Register, fixture: TransportFixture): void {
  for (const [name, check] of Object.entries(streamChecks)) {
    register(name, async () => {
      await using meeting = await meet(fixture)
      await check(meeting)
    })
  }
  for (const [name, check] of Object.entries(linkChecks)) {
    if (name.startsWith('relayed: ') && fixture.relay === undefined) continue
    register(name, () => check(fixture))
  }
}
