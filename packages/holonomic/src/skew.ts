/** How far ahead another clock may be, in milliseconds. Source: our choice, the window of messages in ADR-0004. */
export const maxSkewMs = 120_000
