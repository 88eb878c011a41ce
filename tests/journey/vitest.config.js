import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.js'],
    globalSetup: ['stack/global.js'],
    // One stack serves all files, and two cores drive browser, edge, collector and engine together.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Ending the stack includes the engine's clean shutdown.
    teardownTimeout: 60_000,
  },
});
