import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Builds both pages to where `npm start` serves the player from: the player's origin is the only one that the local
 * API admits, and `/config.json` is there.
 */
export default defineConfig({
  root: here('.'),
  base: './',
  define: { global: 'globalThis' }, // amazon-cognito-identity-js brings `buffer`, which reads `global`
  build: {
    outDir: here('../.usher/player/examples'),
    emptyOutDir: true, // only what an earlier build of the examples has left
    target: 'es2023',
    chunkSizeWarningLimit: 2000, // Momento's SDK is 1.5 MB, 200 KB gzipped
    rolldownOptions: {
      input: [here('login-page/index.html'), here('react-device/index.html')],
      checks: { eval: false }, // in a package of Momento's SDK
    },
  },
});
