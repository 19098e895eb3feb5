import * as z from 'zod/mini';

const schema = z.object({
  apiUrl: z.string(),
  region: z.string(),
  userPoolId: z.string(),
  userPoolClientId: z.string(),
  cognitoEndpoint: z.optional(z.string()),
  storeUrl: z.optional(z.string()),
  demoUser: z.optional(z.object({ username: z.string(), password: z.string() })),
});

/** Where everything is. A deployed stage has neither of the last three. */
export type Config = Readonly<z.infer<typeof schema>>;

/** @throws Error when the server of this page has no `/config.json`, or not that one. */
export async function readConfig(): Promise<Config> {
  const response = await fetch('/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`/config.json is answered with ${response.status}`);
  const config = schema.parse(await response.json());
  return { ...config, apiUrl: config.apiUrl.replace(/\/$/, '') };
}
