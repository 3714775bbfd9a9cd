/** A mistake that a careful programmer could make: `find`, which stands in `file` once, becomes `replace`. */
export interface PlantedBug {
  readonly name: string
  /** From the root of the workspace. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** What goes wrong. */
  readonly why: string
  /** A seed that found it, tried first; `undefined` while none is known. */
  readonly seed: number | undefined
}

/**
 * The source with the bug in it.
 *
 * @throws Error when the source has changed so that the bug has no place in it any more.
 */
export function plant(bug: PlantedBug, source: string): string {
  const parts = source.split(bug.find)
  if (parts.length !== 2) {
    throw new Error(
      `planted bug "${bug.name}": its text stands ${parts.length - 1} times in ${bug.file}; give planted-bugs.ts the text as it is now`,
    )
  }
  return parts.join(bug.replace)
}
