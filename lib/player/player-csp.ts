import type { Stack } from 'aws-cdk-lib';

export interface Callees {
  readonly stack: Pick<Stack, 'region' | 'urlSuffix'>;
  /** The API's origin. */
  readonly api: string;
  readonly heartbeatUrl: boolean;
}

/**
 * What the player's page may load and whom it may call. Every script, style, worker and segment is the page's own;
 * `blob:` is what hls.js gives to the `<video>`. Not named to the letter are two of those it calls: the heartbeat URL,
 * whose CORS names the player's origin, so that neither could be made before the other, and Momento's cells, of which
 * only Parameter Store knows the stage's (the browser SDK calls `web.cache.cell-….momentohq.com` and its like).
 */
export function contentSecurityPolicy({ stack: { region, urlSuffix }, api, heartbeatUrl }: Callees): string {
  const directives: Readonly<Record<string, readonly string[]>> = {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'worker-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:'],
    'media-src': ["'self'", 'blob:'],
    'connect-src': [
      "'self'",
      api,
      `https://cognito-idp.${region}.${urlSuffix}`,
      ...(heartbeatUrl ? [`https://*.lambda-url.${region}.on.aws`] : []),
      'https://*.momentohq.com',
    ],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, values]) => [name, ...values].join(' '))
    .join('; ');
}
