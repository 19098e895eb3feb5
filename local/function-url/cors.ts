/** The CORS settings of a function URL, as the template spells them. */
export interface Cors {
  readonly AllowCredentials?: boolean;
  readonly AllowHeaders?: readonly string[];
  readonly AllowMethods?: readonly string[];
  readonly AllowOrigins?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  /** Seconds for which a browser may remember a preflight. */
  readonly MaxAge?: number;
}

/** `OPTIONS` is not among them: Lambda answers preflights by itself. */
const methods = new Set(['*', 'DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT']);

/** https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html */
const maxAgeLimitSeconds = 86_400;

/** What Lambda would refuse to deploy, and what nobody has tried against it, each as a sentence. */
export function corsProblems({
  AllowCredentials,
  AllowMethods = [],
  AllowOrigins = [],
  MaxAge = 0,
}: Cors): readonly string[] {
  return [
    ...AllowMethods.filter((method) => !methods.has(method)).map(
      (method) => `Cors.AllowMethods has ${method}; supported: ${[...methods].join(', ')}`,
    ),
    ...AllowOrigins.filter((origin) => origin !== '*' && origin.includes('*')).map(
      (origin) => `Cors.AllowOrigins has the pattern ${origin}; supported: whole origins, or *`,
    ),
    ...(AllowCredentials === true && AllowOrigins.includes('*')
      ? ['Cors.AllowCredentials is true for every origin, which is not supported']
      : []),
    ...(Number.isInteger(MaxAge) && MaxAge >= 0 && MaxAge <= maxAgeLimitSeconds
      ? []
      : [`Cors.MaxAge is ${MaxAge}; Lambda takes 0 to ${maxAgeLimitSeconds}`]),
  ];
}

export type Headers = Readonly<Record<string, string>>;

interface Asked {
  readonly method: string;
  readonly header: (name: string) => string | undefined;
}

/**
 * The headers of the answer to a preflight, or undefined for a request that is none. Lambda answers preflights from
 * the URL's configuration alone; a refused one is a 200 without the headers that a browser looks for.
 */
export function preflightHeaders(cors: Cors, { method, header }: Asked): Headers | undefined {
  const asked = header('access-control-request-method');
  if (method !== 'OPTIONS' || asked === undefined || header('origin') === undefined) return undefined;
  const { AllowMethods = [], AllowHeaders = [], MaxAge } = cors;
  const origin = allowedOrigin(cors, header('origin'));
  if (origin === undefined || !(AllowMethods.includes('*') || AllowMethods.includes(asked))) {
    return { vary: 'Origin' };
  }
  return {
    ...originHeaders(cors, origin),
    'access-control-allow-methods': AllowMethods.join(','),
    ...(AllowHeaders.length > 0 && { 'access-control-allow-headers': AllowHeaders.join(',') }),
    ...(MaxAge !== undefined && { 'access-control-max-age': String(MaxAge) }),
  };
}

/** What Lambda adds to every answer that is not a preflight's, whatever the function's own headers say. */
export function corsHeaders(cors: Cors, { header }: Pick<Asked, 'header'>): Headers {
  const { ExposeHeaders = [] } = cors;
  const origin = allowedOrigin(cors, header('origin'));
  if (origin === undefined) return { vary: 'Origin' };
  return {
    ...originHeaders(cors, origin),
    ...(ExposeHeaders.length > 0 && { 'access-control-expose-headers': ExposeHeaders.join(',') }),
  };
}

function originHeaders({ AllowCredentials }: Cors, origin: string): Headers {
  return {
    'access-control-allow-origin': origin,
    ...(AllowCredentials === true && { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin',
  };
}

/** A wildcard is answered with the request's own origin, as Lambda does. */
function allowedOrigin({ AllowOrigins = [] }: Cors, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  return AllowOrigins.includes('*') || AllowOrigins.includes(origin) ? origin : undefined;
}
