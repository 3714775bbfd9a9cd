import { defineConfig } from 'vitest/config'

/** Kinds of tests are told apart by suffix; each kind is a project of its own. */
const suffixes = ['prop', 'vectors', 'sim', 'io'] as const

const anywhere = (pattern: string): string[] => [
  `packages/*/test/**/${pattern}`,
  `tools/**/${pattern}`,
]

const limitsMs: Readonly<Record<(typeof suffixes)[number], number>> = {
  prop: 120_000,
  vectors: 120_000,
  sim: 600_000,
  io: 120_000,
}

export default defineConfig({
  test: {
    // Two cores are what a build machine has; more workers only make timings worse.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: anywhere('*.test.ts'),
          exclude: ['**/node_modules/**', ...suffixes.map((suffix) => `**/*.${suffix}.test.ts`)],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      ...suffixes.map((suffix) => ({
        extends: true as const,
        test: {
          name: suffix,
          include: anywhere(`*.${suffix}.test.ts`),
          exclude: ['**/node_modules/**'],
          testTimeout: limitsMs[suffix],
          hookTimeout: limitsMs[suffix],
          // Real sockets and processes are tested one file at a time.
          fileParallelism: suffix !== 'io',
        },
      })),
    ],
  },
})
