/**
 * `npm run plots`: runs the experiments once more at sizes that take minutes in all, and draws docs/figures and the page docs/results.md
 * from what they measure. With names, only those are drawn anew.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { workspaceRoot } from '../workspace.ts'
import { drawChart } from './chart.ts'
import { type Plot, plots } from './plots.ts'

const docs = join(workspaceRoot, 'docs')

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !plots.some((plot) => plot.name === name))
  if (unknown.length > 0) {
    const known = plots.map(({ name }) => name).join(', ')
    process.stderr.write(`There is no plot named ${unknown.join(', ')}. There are: ${known}.\n`)
    return 1
  }
  await installFastHash()
  await mkdir(join(docs, 'figures'), { recursive: true })
  for (const plot of plots) {
    if (names.length > 0 && !names.includes(plot.name)) continue
    const began = performance.now()
    await writeFile(join(docs, 'figures', `${plot.name}.svg`), await drawChart(await plot.draw()))
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    process.stderr.write(`docs/figures/${plot.name}.svg: ${seconds} s\n`)
  }
  await writeFile(join(docs, 'results.md'), page(plots))
  return 0
}

function page(all: readonly Plot[]): string {
  const sections = all.map(({ name, caption }) => `![${name}](figures/${name}.svg)\n\n${caption}\n`)
  return `# Reproduced tables

Drawn by \`npm run plots\` from the machines that ship, in virtual time, from seed 1. The full experiments, with their thresholds: \`npm run sim\`.

${sections.join('\n')}`
}

process.exitCode = await main(process.argv.slice(2))
