import { CodedError } from '@kithnet/kernel'
import type { Backend } from './backend.ts'
import type { BackendFault } from './faults.ts'
import { nobleBackend } from './noble-backend.ts'
import { mixedBackend, nodeBackend } from './node-backend.ts'
import { selfTest } from './self-test.ts'

let selected: Backend | undefined

/**
 * The fastest backend of this host that passes its self-test; chosen once.
 *
 * @throws CodedError `identity/no-backend` when none does.
 */
export function selectBackend(): Backend {
  selected ??= firstWorking()
  return selected
}

/** Every backend that this host can load and that passes its self-test, the fastest first. */
export function workingBackends(): readonly Backend[] {
  return candidates().filter((backend) => selfTest(backend).length === 0)
}

function candidates(): readonly Backend[] {
  return [nodeBackend(), mixedBackend(), nobleBackend].filter((backend) => backend !== undefined)
}

function firstWorking(): Backend {
  const failed: string[] = []
  for (const backend of candidates()) {
    const failures = selfTest(backend)
    if (failures.length === 0) return backend
    for (const failure of failures) failed.push(`${backend.name}: ${failure}`)
  }
  const fault: BackendFault = { code: 'identity/no-backend', failed }
  const sentence = `No cryptographic backend works here (${failed.join(', ')}): use a supported Node or browser.`
  throw new CodedError(fault, sentence)
}
