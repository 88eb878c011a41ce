import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Chromium on two shared cores; every wait inside has its own deadline.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
