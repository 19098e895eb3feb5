import type { Answer } from './gateway-responses.ts';

/** The answer to a CORS preflight, which API Gateway gives without a function (a MOCK integration). */
export interface Preflight {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Origins that are reflected; any other is answered with the header as it stands. */
  readonly reflected: readonly string[];
}

interface Integration {
  readonly IntegrationResponses?: readonly {
    readonly ResponseParameters?: Readonly<Record<string, string>>;
    readonly ResponseTemplates?: Readonly<Record<string, string>>;
    readonly SelectionPattern?: string;
    readonly StatusCode: string;
  }[];
}

/**
 * Reads a MOCK integration as the CDK synthesizes it for `defaultCorsPreflightOptions`. There is no engine for API
 * Gateway's template language here: exactly the template that the CDK writes for several origins is understood.
 *
 * @throws for every other template or mapping.
 */
export function readPreflight({ IntegrationResponses = [] }: Integration): Preflight {
  const [response, second] = IntegrationResponses;
  if (response === undefined || second !== undefined || response.SelectionPattern !== undefined) {
    throw new Error('a MOCK integration is supported with exactly one response');
  }
  const headers = Object.entries(response.ResponseParameters ?? {}).map(([target, source]) => {
    const [, name] = /^method\.response\.header\.(.+)$/.exec(target) ?? [];
    const [, value] = /^'(.*)'$/.exec(source) ?? [];
    if (name === undefined || value === undefined) {
      throw new Error(`the mapping of ${source} to ${target} is not supported`);
    }
    return [name.toLowerCase(), value];
  });
  return {
    status: Number(response.StatusCode),
    headers: Object.fromEntries(headers),
    reflected: Object.values(response.ResponseTemplates ?? {}).flatMap(reflectedOrigins),
  };
}

export function answerPreflight(preflight: Preflight, origin: string | undefined): Answer {
  const reflects = origin !== undefined && preflight.reflected.includes(origin);
  return {
    status: preflight.status,
    headers: {
      'content-type': 'application/json',
      ...preflight.headers,
      ...(reflects && { 'access-control-allow-origin': origin }),
    },
    body: '',
  };
}

const opening = `#set($origin = $input.params().header.get("Origin"))
#if($origin == "")
  #set($origin = $input.params().header.get("origin"))
#end
#if(`;
const closing = `)
  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end`;

function reflectedOrigins(template: string): readonly string[] {
  if (template.trim() === '') return [];
  const unsupported = new Error(`the response template ${JSON.stringify(template)} is not supported`);
  if (!template.startsWith(opening) || !template.endsWith(closing)) throw unsupported;
  return template
    .slice(opening.length, -closing.length)
    .split(' || ')
    .map((comparison) => {
      const [, origin] = /^\$origin == "([^"]+)"$/.exec(comparison) ?? [];
      if (origin === undefined) throw unsupported;
      return origin;
    });
}
