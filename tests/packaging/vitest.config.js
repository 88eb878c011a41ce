import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: './app/install.js',
    // Chromium on two shared cores; every wait inside has its own deadline.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
