import type { Plugin } from 'esbuild';

/**
 * An esbuild plugin that gives AWS SDK clients the credentials of the environment, and no other way to find some.
 *
 * A client looks for credentials by `@aws-sdk/credential-provider-node`: environment, then INI files, SSO, a login
 * cache, a process, web identity, container and instance metadata. Lambda always puts its role's credentials into
 * the environment, where that search ends at the first place; the rest is code that a cold start reads in vain.
 * Where the environment holds none, the call fails with the SDK's own CredentialsProviderError.
 *
 * Measured with esbuild 0.28 and the 3.1169 clients, minified: see docs/decisions/0001-bundle-before-synth.md.
 */
export function environmentCredentials(): Plugin {
  return {
    name: 'environment-credentials',
    setup(build) {
      build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ path, resolveDir }) => ({
        path,
        namespace: 'environment-credentials',
        sideEffects: false,
        pluginData: { resolveDir },
      }));
      build.onLoad({ filter: /.*/, namespace: 'environment-credentials' }, ({ pluginData }) => ({
        contents: PROVIDER,
        resolveDir: (pluginData as { readonly resolveDir: string }).resolveDir,
      }));
    },
  };
}

/** Takes the client's options as the default provider does; `fromEnv` reads its logger from them. */
const PROVIDER = `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`;
