import { type Rng, rngFrom } from '@kithnet/kernel'

/** The host's entropy: for nonces, salts and what is not to be foreseen. The only file of the package that touches it. */
export function systemRng(): Rng {
  const word = new Uint32Array(1)
  return rngFrom(() => crypto.getRandomValues(word)[0]!, systemRng)
}
