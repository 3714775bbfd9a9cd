/**
 * The one door to every command of this workspace. Plain JavaScript that the machine's own Node runs: it
 * installs the tools when a manifest has changed since the last time, then hands over to the pinned Node.
 * It speaks on stderr only, because a command's stdout may be read by another program.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')
const stampFile = join(root, 'node_modules', '.cache', 'kithnet', 'installed.json')
const oldestOwnNode = 20
/** Runs TypeScript as it stands and has the post-quantum algorithms built in. */
const oldestToolsNode = 24
/** How soon a command ends after the npm that started it. */
const parentWatchMs = 300
const windows = process.platform === 'win32'

/** `script` runs in the pinned Node; `tool` is a program of `node_modules/.bin`. */
const commands = {
  start: { script: 'tools/local/start.ts' },
  kith: { script: 'packages/cli/src/kith.ts' },
  sim: { script: 'tools/sim/main.ts' },
  bench: { script: 'tools/bench/main.ts' },
  plots: { script: 'tools/plots/main.ts' },
  test: { script: 'tools/check.ts', args: ['--all'] },
  check: { script: 'tools/check.ts', args: ['--fast'] },
  build: { tool: 'turbo', args: ['run', 'compile', '--concurrency=2'] },
  docs: { tool: 'typedoc', args: [] },
  format: { tool: 'prettier', args: ['--write', '.'] },
}

function say(text) {
  process.stderr.write(`kithnet: ${text}\n`)
}

/** Says what is wrong in a sentence, and ends. */
function stop(text) {
  say(text)
  process.exit(1)
}

function major(version) {
  return Number(version.replace(/^v/, '').split('.')[0])
}

/** The folders of the workspace, from the `packages:` list of pnpm-workspace.yaml. */
function workspaceFolders(workspaceText) {
  const list = /^packages:\n((?:[ \t]+- .*\n)+)/m.exec(workspaceText)
  if (list === null) stop('pnpm-workspace.yaml has no list of packages.')
  const patterns = list[1].match(/(?<=- ).+/g).map((line) => line.replace(/['"]/g, '').trim())
  return patterns.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern]
    const parent = pattern.slice(0, -2)
    if (!existsSync(join(root, parent))) return []
    const found = readdirSync(join(root, parent), { withFileTypes: true })
    return found.filter((entry) => entry.isDirectory()).map((entry) => `${parent}/${entry.name}`)
  })
}

/** Changes whenever an install could have another outcome. */
function fingerprint() {
  const workspaceText = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  const manifests = ['.', ...workspaceFolders(workspaceText).toSorted()].map(
    (folder) => `${folder}/package.json`,
  )
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${root}\n`)
  for (const file of ['pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests]) {
    const path = join(root, file)
    if (!existsSync(path)) continue
    hash.update(`${file}\n`).update(readFileSync(path)).update('\n')
  }
  return hash.digest('hex')
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'))
  } catch {
    return undefined
  }
}

/** npm as a command line: through the npm that runs us when there is one, else the one in PATH. */
function npmCommand() {
  const running = process.env.npm_execpath
  if (running !== undefined && /^np[mx]-cli\.c?js$/.test(basename(running))) {
    const cli = join(dirname(running), 'npm-cli.js')
    if (existsSync(cli)) return { file: process.execPath, first: [cli] }
  }
  return { file: windows ? 'npm.cmd' : 'npm', first: [] }
}

function install() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const npm = npmCommand()
  const nodeVersion = Object.values(manifest.optionalDependencies)[0]
  const first = !existsSync(join(root, 'node_modules', '.modules.yaml'))
  say(
    first
      ? `installing the tools into ./node_modules (${manifest.packageManager}, Node ${nodeVersion}, about 0.8 GB); this happens once.`
      : 'the manifests have changed: bringing ./node_modules up to date.',
  )
  const began = Date.now()
  const args = ['exec', '--yes', '--prefer-offline', '--', manifest.packageManager]
  const outcome = spawnSync(npm.file, [...npm.first, ...args, 'install', '--frozen-lockfile'], {
    cwd: root,
    // stdout is the command's own: what the installer prints goes to stderr.
    stdio: ['ignore', 2, 2],
    shell: windows,
  })
  if (outcome.error?.code === 'ENOENT') {
    stop('npm was not found. Install Node.js with npm, or put npm in PATH, and try again.')
  }
  if (outcome.error !== undefined) stop(`npm could not be started: ${outcome.error.message}.`)
  if (outcome.signal !== null) stop(`the install was stopped by ${outcome.signal}.`)
  if (outcome.status !== 0) {
    stop(
      `the install failed (exit ${outcome.status}); its reason is above. It needs the npm registry and a ` +
        'lockfile that fits the manifests (after editing a manifest: npm exec -- ' +
        `${manifest.packageManager} install). Nothing was run.`,
    )
  }
  say(`installed in ${((Date.now() - began) / 1000).toFixed(1)} s.`)
}

/** The pinned Node if it runs on this machine, else the machine's own if that is new enough. */
function chooseNode() {
  const pinned = join(bin, 'node')
  const answer = spawnSync(pinned, ['--version'], { encoding: 'utf8' })
  if (answer.status === 0 && major(answer.stdout) >= oldestToolsNode) return pinned
  if (major(process.version) >= oldestToolsNode) return process.execPath
  return stop(
    `no Node for the tools: the pinned one does not run on ${process.platform} ${process.arch}, and yours is ` +
      `${process.version}. Install Node ${oldestToolsNode} or newer and try again.`,
  )
}

/** Installs if need be, and answers with the Node that runs the tools. */
function prepare() {
  const wanted = fingerprint()
  const stamp = readStamp()
  const fits = stamp?.fingerprint === wanted && existsSync(stamp.node) && existsSync(bin)
  if (fits && existsSync(join(root, 'node_modules', '.modules.yaml'))) return stamp.node
  rmSync(stampFile, { force: true })
  install()
  const node = chooseNode()
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, `${JSON.stringify({ fingerprint: wanted, node })}\n`)
  return node
}

/**
 * npm runs us through a shell, and a shell that is told to end tells nobody: without this, what `npm start`
 * brought up would outlive it.
 */
function watchParent(child) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, parentWatchMs)
  watch.unref()
}

/** Runs a command to its end, with its signals and its exit code ours. */
function handOver(file, args, shell) {
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const child = spawn(file, args, {
    cwd: root,
    stdio: 'inherit',
    shell,
    env: {
      ...process.env,
      [pathName]: `${bin}${delimiter}${process.env[pathName] ?? ''}`,
      TURBO_TELEMETRY_DISABLED: '1',
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends its Ctrl-C to the whole process group, so the child already has it.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  if (process.env.npm_lifecycle_event !== undefined) watchParent(child)
  child.on('error', (error) => stop(`${file} could not be started: ${error.message}.`))
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + (constants.signals[signal] ?? 0))
  })
}

const [name = '', ...rest] = process.argv.slice(2)
if (major(process.version) < oldestOwnNode) {
  stop(`Node ${oldestOwnNode} or newer is needed; this is ${process.version}.`)
}
if (!Object.hasOwn(commands, name)) {
  stop(`unknown command "${name}". There are: ${Object.keys(commands).join(', ')}.`)
}
const command = commands[name]
const node = prepare()
if (command.script !== undefined && !existsSync(join(root, command.script))) {
  stop(`${command.script}, which "${name}" runs, does not exist.`)
}
if (command.script === undefined) {
  handOver(
    join(bin, windows ? `${command.tool}.cmd` : command.tool),
    [...command.args, ...rest],
    windows,
  )
} else {
  handOver(node, [join(root, command.script), ...(command.args ?? []), ...rest], false)
}
