import { checkPolicy, defaultPolicy, type FountainPolicy, policyFor } from '@kithnet/fountain'
import { CodedError } from '@kithnet/kernel'
import type { CliFault } from './faults.ts'

/** What a user may say of a policy. */
export interface PolicyOptions {
  readonly symbols?: string
  readonly repair?: string
  readonly holders?: string
  readonly availability?: string
  readonly churn?: string
}

/**
 * The policy that was asked for: its numbers, or what is expected of holders.
 *
 * @throws CodedError `cli/usage` when there is none like that.
 */
export function policyOf(options: PolicyOptions): FountainPolicy {
  if (options.availability !== undefined || options.churn !== undefined) return chosen(options)
  const sourceSymbols = wholeNumber('--symbols', options.symbols) ?? defaultPolicy.sourceSymbols
  const policy = {
    sourceSymbols,
    repairSymbols: wholeNumber('--repair', options.repair) ?? Math.ceil((30 * sourceSymbols) / 100),
    minViableSymbols: Math.max(1, Math.floor(sourceSymbols / 4)),
    targetHolders: wholeNumber('--holders', options.holders) ?? defaultPolicy.targetHolders,
  }
  const checked = checkPolicy(policy)
  if (checked.ok) return policy
  throw usage(
    '--symbols',
    'There is no such policy: K is 20 to 40 % of N, and there are at least 29 holders and N + K.',
  )
}

function chosen(options: PolicyOptions): FountainPolicy {
  const policy = policyFor({
    availability: fraction('--availability', options.availability) ?? 0.9,
    churn: fraction('--churn', options.churn) ?? 0,
    ...(options.symbols === undefined
      ? {}
      : { sourceSymbols: wholeNumber('--symbols', options.symbols) ?? 0 }),
  })
  if (policy.ok) return policy.value
  throw usage('--availability', 'No policy survives with such holders: expect more of them.')
}

/** A whole number from 0 to a million of an option, if it was given. */
export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d{1,7}$/.test(text) && value <= 1_000_000) return value
  throw usage(option, `${option} takes a whole number, not "${text}".`)
}

function fraction(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text !== '' && value >= 0 && value <= 1) return value
  throw usage(option, `${option} takes a number from 0 to 1, not "${text}".`)
}

function usage(option: string, sentence: string): CodedError<CliFault> {
  return new CodedError<CliFault>({ code: 'cli/usage', option }, sentence)
}
