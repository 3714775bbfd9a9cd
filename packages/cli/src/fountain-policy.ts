import { checkPolicy, defaultPolicy, type FountainPolicy, policyFor } from '@kithnet/fountain'
import { usage } from './faults.ts'
import { wholeWithin } from './quantities.ts'

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

/** N, K, the least and the holders, with commas between. @throws CodedError `cli/usage` when there is none like that. */
export function policyOfNumbers(text: string): FountainPolicy {
  const numbers = /^\d{1,4}(,\d{1,4}){3}$/.test(text) ? text.split(',').map(Number) : []
  const [sourceSymbols = 0, repairSymbols = 0, minViableSymbols = 0, targetHolders = 0] = numbers
  const policy = { sourceSymbols, repairSymbols, minViableSymbols, targetHolders }
  if (checkPolicy(policy).ok) return policy
  throw usage(
    '--policy',
    `There is no policy "${text}": give N,K,least,holders, such as 20,6,5,30. K is 20 to 40 % of N, the least is below N, and there are at least 29 holders and N + K.`,
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
  return text === undefined ? undefined : wholeWithin(text, option, 0, 1_000_000)
}

function fraction(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text !== '' && value >= 0 && value <= 1) return value
  throw usage(option, `${option} takes a number from 0 to 1, not "${text}".`)
}
