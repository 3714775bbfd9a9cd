/**
 * The programs `kith` and `kith-coordinator`, and the client with which other programs reach a running node.
 *
 * @packageDocumentation
 */
export { ControlClient } from './control-client.ts'
export type { ControlMessage, ControlReply, ControlRequest } from './control-protocol.ts'
export { advertTopic, coordinatorProgram } from './coordinator.ts'
export { exitCode } from './exit.ts'
export type { CliFault, RemoteFault } from './faults.ts'
export type { HolonomicRequest, HolonomicResults } from './holonomic-protocol.ts'
export { kithProgram, runProgram } from './program.ts'
