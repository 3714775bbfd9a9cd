/** The data that the vectors are about: the top bytes of a linear congruence that begins with the length. */
export function generatedData(length: number, seed: number = length): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length)
  let state = seed >>> 0
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    data[at] = state >>> 24
  }
  return data
}
