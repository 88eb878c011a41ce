import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Chromium on two shared cores; every wait inside has its own deadline.
    testTimeout: 300_000,
    hookTimeout: 900_000,
  },
});
