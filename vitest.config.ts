import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'src/**/*.test.ts',
      'test/**/*.test.ts',
      'cli/**/*.test.ts',
      'demo/**/*.test.ts',
      'web/**/*.test.ts',
    ],
    globalSetup: ['test/postgres-server.ts', 'test/console-folder.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    // On a machine that is busy what is waited for may take longer than a second.
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 120_000,
  },
})
