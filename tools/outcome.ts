/** What a check found. Anything but zero `failed` fails the run. */
export interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** One line or paragraph for each failure or skip, for people. */
  readonly notes: readonly string[]
}

/** The outcome of a check that either holds or lists its violations. */
export function outcomeOf(problems: readonly string[]): Outcome {
  const failed = problems.length === 0 ? 0 : 1
  return { passed: 1 - failed, failed, skipped: 0, notes: problems }
}

/** Adds outcomes up. */
export function sumOf(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((sum, outcome) => sum + outcome.passed, 0),
    failed: outcomes.reduce((sum, outcome) => sum + outcome.failed, 0),
    skipped: outcomes.reduce((sum, outcome) => sum + outcome.skipped, 0),
    notes: outcomes.flatMap((outcome) => outcome.notes),
  }
}

/** For a tool that is run by itself: prints what it found and sets the exit code. */
export function report(name: string, outcome: Outcome): void {
  for (const note of outcome.notes) console.log(note)
  const { passed, failed, skipped } = outcome
  console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  if (failed > 0 || passed + skipped === 0) process.exitCode = 1
}

/** Why a check could not be made at all: a failure whose message says everything. */
export class CannotCheck extends Error {}
