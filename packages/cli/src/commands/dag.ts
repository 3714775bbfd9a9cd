import { Command } from 'commander'

const storeOption = [
  '--store <place>',
  'a folder of tiles, an .sqlite file or a postgres:// address (default: your own folder)',
] as const
const compatibleOption = ['--compatible', 'also take what only elara-runtime would write'] as const

/** `kith dag …`: signed records that are never lost. */
export function dagCommand(): Command {
  const dag = new Command('dag').description('signed records that are never lost')
  for (const add of [addWriting, addReading, addProofs, addCarrying]) add(dag)
  return dag
}

/** A command on records, with the options that all of them have. */
function onRecords(dag: Command, name: string, description: string, examples: string): Command {
  return dag
    .command(name)
    .description(description)
    .option(...storeOption)
    .option(...compatibleOption)
    .option('--json', 'as one line of JSON')
    .addHelpText('after', `\nExamples:\n${examples.replaceAll(/^/gm, '  ')}`)
}

// Most commands have nothing to do with records: what these need is loaded when one of them runs.
const carry = (): Promise<typeof import('./dag-carry.ts')> => import('./dag-carry.ts')
const graph = (): Promise<typeof import('./dag-graph.ts')> => import('./dag-graph.ts')
const proofs = (): Promise<typeof import('./dag-proofs.ts')> => import('./dag-proofs.ts')
const read = (): Promise<typeof import('./dag-read.ts')> => import('./dag-read.ts')
const write = (): Promise<typeof import('./dag-write.ts')> => import('./dag-write.ts')

function lazily<Name extends string>(
  load: () => Promise<Readonly<Record<Name, (...args: never[]) => Promise<void>>>>,
  name: Name,
): (...args: unknown[]) => Promise<void> {
  // Commander gives what the command declares: its arguments, then its options.
  return async (...args) => (await load())[name](...(args as never[]))
}

/** The values of an option that may come again. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function signing(command: Command): Command {
  return command
    .option('--identity <name>', 'who signs')
    .option('--identity-path <path>', 'the key file of who signs, instead of a name')
    .option('--password-file <path>', "file whose first line is the identity's password")
}

function drafting(command: Command): Command {
  return signing(command)
    .option('--file <path>', 'the content is that of a file')
    .option(
      '--class <name>',
      'who may know of it: public, private, restricted, sovereign',
      'public',
    )
    .option('--meta <key=value>', 'a text to record beside the content; again for more', collect)
    .option('--zone <name>', 'the zone that it belongs to')
}

function addWriting(dag: Command): void {
  onRecords(
    dag,
    'init',
    'make a place for records',
    'kith dag init\nkith dag init --store lab.sqlite',
  ).action(lazily(write, 'initRecords'))
  drafting(
    onRecords(
      dag,
      'insert',
      'record a content, given as text, a file or standard input, after all that its readers may know of',
      'kith dag insert --identity alice "first light"\nkith dag insert --identity alice --file paper.pdf\nkith dag insert --signed record.elra',
    ),
  )
    .argument('[text]', 'the content')
    .option(
      '--parent <id>',
      'a record that it follows, instead of the tips; again for more',
      collect,
    )
    .option('--signed <path>', 'take in a record that is signed already: its ELRA bytes')
    .action(lazily(write, 'insertRecord'))
  drafting(
    onRecords(
      dag,
      'merge',
      'make one record after several: these, or without any the tips',
      'kith dag merge --identity alice\nkith dag merge --identity alice ID ID',
    ),
  )
    .argument('[parents...]', 'ids of records')
    .action(lazily(write, 'mergeInto'))
  signing(
    onRecords(
      dag,
      'witness',
      'say, signed, that you have seen a record of somebody else',
      'kith dag witness --identity bob ID',
    ),
  )
    .argument('<id>', 'id of the record')
    .action(lazily(write, 'attestRecord'))
}

function addReading(dag: Command): void {
  onRecords(
    dag,
    'query',
    'find records, newest first, or show one',
    'kith dag query --limit 5\nkith dag query --class public --since 2026-01-01\nkith dag query ID --json',
  )
    .argument('[id]', 'one record')
    .option('--creator <hash>', 'SHA3-256 of its author’s key, in hexadecimal')
    .option('--content <hash>', 'SHA3-256 of its content, in hexadecimal')
    .option('--class <name>', 'public, private, restricted or sovereign')
    .option('--zone <name>', 'of this zone')
    .option('--since <time>', 'claimed time from then on: ISO 8601, or seconds since 1970')
    .option('--until <time>', 'claimed time up to then')
    .option('--limit <n>', 'at most so many', '20')
    .action(lazily(read, 'queryRecords'))
  onRecords(
    dag,
    'analyze',
    'where a record stands: ancestors, descendants, conflicts, witnesses',
    'kith dag analyze ID',
  )
    .argument('<id>', 'id of the record')
    .action(lazily(read, 'analyzeRecord'))
  onRecords(dag, 'tips', 'records that nothing follows', 'kith dag tips')
    .option('--zone <name>', 'within a zone')
    .option('--roots', 'records that follow nothing, instead')
    .action(lazily(read, 'listTips'))
  onRecords(
    dag,
    'graph',
    'draw the newest records and what they follow as an SVG',
    'kith dag graph --out records.svg\nkith dag graph --limit 50 > records.svg',
  )
    .option('--out <path>', 'the file; standard output when left out')
    .option('--limit <n>', 'at most so many records', '200')
    .action(lazily(graph, 'drawGraph'))
}

function addProofs(dag: Command): void {
  onRecords(
    dag,
    'verify',
    'check every signature, hash and parent of the records, or a proof that somebody gave',
    'kith dag verify\nkith dag verify ID\nkith dag verify --proof seal.proof --entry record.elra\nkith dag verify --evidence fork.proof',
  )
    .argument('[ids...]', 'only these records')
    .option('--proof <path>', 'a proof of "prove", or of a reading')
    .option('--entry <path>', 'what the proof is about: a record’s ELRA bytes, or a reading')
    .option('--evidence <path>', 'a proof that an author contradicted itself')
    .action(lazily(proofs, 'verifyStored'))
  signing(
    onRecords(
      dag,
      'seal',
      'record the Merkle root of all records that are here, so that each can be proved later',
      'kith dag seal --identity alice',
    ),
  ).action(lazily(proofs, 'sealRecords'))
  onRecords(
    dag,
    'prove',
    'write the proof that a seal covers a record, or that it goes on from an older seal',
    'kith dag prove SEAL ID --out seal.proof\nkith dag prove SEAL --since OLDER-SEAL --json',
  )
    .argument('<seal>', 'id of the seal')
    .argument('[id]', 'id of the record')
    .option('--since <seal>', 'show instead that nothing before this older seal was changed')
    .option('--out <path>', 'the file; standard output when left out')
    .action(lazily(proofs, 'proveRecord'))
}

function addCarrying(dag: Command): void {
  onRecords(
    dag,
    'export',
    'write records, with what was said about them, as lines of JSON or as a bundle',
    'kith dag export > records.jsonl\nkith dag export --bundle --out records.bundle\nkith dag export --clearance public ID',
  )
    .argument('[ids...]', 'only these records and their ancestors')
    .option('--bundle', 'a checksummed binary file instead of lines')
    .option('--clearance <name>', 'leave out what is of a higher class, and what names it')
    .option('--out <path>', 'the file; standard output when left out')
    .action(lazily(carry, 'exportRecords'))
  onRecords(
    dag,
    'import',
    'take in what export wrote, everything verified first',
    'kith dag import records.bundle\nkith dag import < records.jsonl',
  )
    .argument('[path]', 'lines or a bundle; standard input when left out')
    .action(lazily(carry, 'importRecords'))
  onRecords(
    dag,
    'sync',
    'give each of two places what only the other has',
    'kith dag sync /media/stick/records\nkith dag sync lab.sqlite',
  )
    .argument('<other>', 'the other place, as --store names one')
    .action(lazily(carry, 'syncRecords'))
}
