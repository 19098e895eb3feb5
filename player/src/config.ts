import * as v from 'valibot';

const schema = v.object({
  apiUrl: v.string(),
  region: v.string(),
  userPoolId: v.string(),
  userPoolClientId: v.string(),
  cognitoEndpoint: v.optional(v.string()),
  storeUrl: v.optional(v.string()),
  demoUser: v.optional(v.object({ username: v.string(), password: v.string() })),
});

/** Where everything is. A deployed stage has neither of the last three. */
export type Config = Readonly<v.InferOutput<typeof schema>>;

/** @throws Error when the server of this page has no `/config.json`, or not that one. */
export async function readConfig(): Promise<Config> {
  const response = await fetch('/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`/config.json is answered with ${response.status}`);
  const config = v.parse(schema, await response.json());
  return { ...config, apiUrl: config.apiUrl.replace(/\/$/, '') };
}
