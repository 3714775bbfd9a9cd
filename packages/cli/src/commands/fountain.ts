import { Command } from 'commander'
import { decodeFolder, encodeFile, inspectFolder } from './fountain-files.ts'
import { simulateSurvival } from './fountain-simulate.ts'

/** `kith fountain …`: a file as shares of which any sufficient number bring it back. */
export function fountainCommand(): Command {
  const fountain = new Command('fountain').description(
    'a file as shares of which any sufficient number bring it back',
  )
  policyOptions(
    fountain
      .command('encode')
      .description('write a file as shares and a manifest into a folder')
      .argument('<file>')
      .argument('<folder>', 'made when it is not there'),
  )
    .option('--extra <count>', 'more shares than the policy hands out', '0')
    .option('--json', 'as one line of JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  kith fountain encode film.mp4 shares\n  kith fountain encode film.mp4 shares --availability 0.8 --churn 0.05',
    )
    .action(encodeFile)
  fountain
    .command('decode')
    .description('bring a file back from the shares in a folder; damaged ones are left out')
    .argument('<folder>')
    .argument('<file>', 'where it is written')
    .option('--id <hex>', 'refuse any content but this one')
    .option('--json', 'as one line of JSON')
    .action(decodeFolder)
  fountain
    .command('inspect')
    .description('say what a folder of shares holds, and check every symbol')
    .argument('<folder>')
    .option('--json', 'as one line of JSON')
    .action(inspectFolder)
  policyOptions(
    fountain
      .command('simulate')
      .description(
        'how often a content survives: exactly, and with the real codec on simulated holders',
      ),
  )
    .option('--runs <count>', 'simulated contents for each availability', '1000')
    .option('--seed <text>', 'another draw of holders', 'kith')
    .option('--plot <file>', 'draw the curve as SVG')
    .option('--json', 'as one line of JSON')
    .action(simulateSurvival)
  return fountain
}

function policyOptions(command: Command): Command {
  return command
    .option('--symbols <n>', 'N: shares that bring the file back')
    .option('--repair <k>', 'K: shares beyond these')
    .option('--holders <count>', 'peers that are to hold a share')
    .option('--availability <q>', 'choose the policy: share of time that a holder is there')
    .option('--churn <c>', 'choose the policy: share of holders that leave before repair')
}
