declare const brand: unique symbol

/**
 * A nominal type: `T` that only the file which declares the brand may mint.
 * Two brands of the same `T` do not mix.
 */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
