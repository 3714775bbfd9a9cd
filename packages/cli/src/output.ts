/** Prints one line on stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Prints a note for a person on stderr, so that stdout stays the command's result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Prints rows in aligned columns under their titles. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  for (const row of [titles, ...rows]) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** Prints a value as JSON on one line. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}
