import { CodedError } from '@kithnet/kernel'
import type { CommitFault, LogFault, StateFault } from '../faults.ts'

/** Why a state was not committed, for a person. */
export function uncommitted(fault: LogFault | CommitFault): CodedError {
  if (fault.code === 'holonomic/log-behind') {
    return new CodedError(
      fault,
      `Others have epoch ${fault.knownEpoch} of this log, which this disk (at epoch ${fault.epoch}) has not: to go on would ` +
        'fork it. Restore the newer disk, or stop the other process; else begin a log of other namespaces.',
    )
  }
  return new CodedError(fault, commitSentences[fault.why])
}

const commitSentences: Readonly<Record<CommitFault['why'], string>> = {
  'not-ready': 'Statements were not compared with a neighbour yet: wait for one.',
  busy: 'Another state of these namespaces is being kept: wait until it is.',
  members: 'A state has too many members, or one that is too long.',
  namespaces: 'Namespaces are 1 to 16 texts, all different, in the order of their UTF-8 bytes.',
  logs: 'This peer has as many logs as one may have: commit to those.',
  disk: 'The state could not be kept: look at the store, then commit again.',
}

/** Why two states were not compared, for a person. */
export function uncompared(fault: StateFault): CodedError {
  return new CodedError(fault, stateSentences[fault.why])
}

const stateSentences: Readonly<Record<StateFault['why'], string>> = {
  unknown: 'The peer shows this node no state of these namespaces.',
  unreachable: 'The peer could not be reached.',
  silent: 'The peer did not answer in time.',
  unlike: 'What the peer gave is not the state that it signed.',
  stopped: 'The peer ended the comparison, or more differs than one comparison is for.',
  ours: 'Commit a state of these namespaces first.',
  busy: 'As many comparisons are under way as may be: wait for one to end.',
}
