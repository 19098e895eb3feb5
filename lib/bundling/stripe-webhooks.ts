import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * An esbuild plugin that gives functions of Stripe's library what verifies webhooks, and nothing else.
 *
 * The library is one class that holds a client for every resource of Stripe's API: 240 KB of which esbuild can drop
 * nothing. What checks a signature is its modules `Webhooks.js` and `NodePlatformFunctions.js`, 16 KB, which are put
 * together here as the library does it itself. A version that moves them fails the build.
 */
export function stripeWebhooks(): Plugin {
  return {
    name: 'stripe-webhooks',
    setup(build) {
      build.onResolve({ filter: /^stripe$/ }, ({ path }) => ({
        path,
        namespace: 'stripe-webhooks',
        sideEffects: false,
      }));
      build.onLoad({ filter: /.*/, namespace: 'stripe-webhooks' }, () => {
        const modules = join(dirname(createRequire(import.meta.url).resolve('stripe')), '..', 'esm');
        const from = (file: string) => JSON.stringify(join(modules, file));
        return {
          contents: `
            import { createWebhooks } from ${from('Webhooks.js')};
            import { NodePlatformFunctions } from ${from('platform/NodePlatformFunctions.js')};
            export default { webhooks: createWebhooks(new NodePlatformFunctions()) };`,
          resolveDir: modules,
        };
      });
    },
  };
}
