import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Stage } from './stage.ts';

interface Problem {
  readonly slug: 'malformed' | 'too-large' | 'unauthenticated' | 'forbidden' | 'too-often' | 'unavailable';
  readonly title: string;
  readonly status: number;
  readonly retryAfterSeconds?: number;
}

const MALFORMED: Problem = { slug: 'malformed', title: 'The request cannot be understood', status: 400 };
const UNAUTHENTICATED: Problem = {
  slug: 'unauthenticated',
  title: 'A valid ID token is needed',
  status: 401,
};
const FORBIDDEN: Problem = { slug: 'forbidden', title: 'This is not open to you', status: 403 };
const TOO_LARGE: Problem = { slug: 'too-large', title: 'The request is too large', status: 413 };
const TOO_OFTEN: Problem = {
  slug: 'too-often',
  title: 'Too many requests',
  status: 429,
  retryAfterSeconds: 1,
};
const UNAVAILABLE: Problem = {
  slug: 'unavailable',
  title: 'Try again later',
  status: 503,
  retryAfterSeconds: 5,
};

/** Every answer API Gateway can give by itself. A path that is not there comes as MISSING_AUTHENTICATION_TOKEN. */
const PROBLEMS: readonly (readonly [ResponseType, Problem])[] = [
  [ResponseType.UNAUTHORIZED, UNAUTHENTICATED],
  [ResponseType.EXPIRED_TOKEN, UNAUTHENTICATED],
  [ResponseType.ACCESS_DENIED, FORBIDDEN],
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, FORBIDDEN],
  [ResponseType.INVALID_SIGNATURE, FORBIDDEN],
  [ResponseType.INVALID_API_KEY, FORBIDDEN],
  [ResponseType.RESOURCE_NOT_FOUND, FORBIDDEN],
  [ResponseType.WAF_FILTERED, FORBIDDEN],
  [ResponseType.THROTTLED, TOO_OFTEN],
  [ResponseType.QUOTA_EXCEEDED, { ...TOO_OFTEN, retryAfterSeconds: 60 }],
  [ResponseType.REQUEST_TOO_LARGE, TOO_LARGE],
  [ResponseType.BAD_REQUEST_BODY, MALFORMED],
  [ResponseType.BAD_REQUEST_PARAMETERS, MALFORMED],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, { ...MALFORMED, status: 415 }],
  [ResponseType.DEFAULT_4XX, MALFORMED],
  [ResponseType.API_CONFIGURATION_ERROR, UNAVAILABLE],
  [ResponseType.AUTHORIZER_CONFIGURATION_ERROR, UNAVAILABLE],
  [ResponseType.AUTHORIZER_FAILURE, UNAVAILABLE],
  [ResponseType.INTEGRATION_FAILURE, UNAVAILABLE],
  [ResponseType.INTEGRATION_TIMEOUT, UNAVAILABLE],
  [ResponseType.DEFAULT_5XX, UNAVAILABLE],
];

/** Has the gateway answer as the functions do: with a problem document (RFC 9457) that a page may read. */
export function answerWithProblems(api: RestApi, stage: Pick<Stage, 'origins'>): void {
  for (const [type, problem] of PROBLEMS) {
    api.addGatewayResponse(`Problem${type.responseType}`, {
      type,
      statusCode: String(problem.status),
      responseHeaders: { ...HEADERS, ...corsHeaders(stage), ...retryAfter(problem) },
      // API Gateway looks templates up under application/json; the header above names what is sent.
      templates: {
        'application/json': JSON.stringify({
          type: `urn:usher:problem:${problem.slug}`,
          title: problem.title,
          status: problem.status,
        }),
      },
    });
  }
}

const HEADERS = {
  'Content-Type': "'application/problem+json'",
  'Cache-Control': "'no-store'",
  'X-Content-Type-Options': "'nosniff'",
};

/**
 * A gateway response has no logic, so for several origins it lets every page read these few fixed sentences, and
 * nothing more: credentials are never allowed, and preflight admits only our origins. Reflecting the caller's origin
 * would need the header's exact case, which differs between HTTP/1.1 and HTTP/2.
 */
function corsHeaders({ origins }: Pick<Stage, 'origins'>): Readonly<Record<string, string>> {
  const [only = '*'] = origins;
  return {
    'Access-Control-Expose-Headers': "'ETag, Retry-After'",
    'Access-Control-Allow-Origin': origins.length === 1 ? `'${only}'` : "'*'",
  };
}

function retryAfter({ retryAfterSeconds }: Problem): Readonly<Record<string, string>> {
  return retryAfterSeconds === undefined ? {} : { 'Retry-After': `'${retryAfterSeconds}'` };
}
