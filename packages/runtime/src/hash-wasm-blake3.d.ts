/** The file of hash-wasm that holds BLAKE3 alone, a tenth of the whole. It ships no types. Source: its README, version 4. */
declare module 'hash-wasm/dist/blake3.umd.min.js' {
  interface Hasher {
    init(): Hasher
    update(message: Uint8Array): Hasher
    digest(form: 'binary'): Uint8Array
  }
  const module: { readonly createBLAKE3: () => Promise<Hasher> }
  export default module
}
