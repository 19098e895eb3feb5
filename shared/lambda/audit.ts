import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

/** Of a body these alone are written down; whatever else somebody sends is not. */
const TOLD = ['productId', 'validFrom', 'validUntil'] as const;

/** A reason has 200 characters; nothing longer gets into a log that is kept for years. */
const LONGEST = 200;

/** Ids and instants. Whatever else stands in their place, such as somebody's e-mail address, is refused and not kept. */
const KEPT = /^[\w.:+-]{1,64}$/;

/**
 * Who did what to whose account, why, and what came of it. Made of the request and the answer alone, so that there is a
 * line whatever becomes of the call; headers, and with them signatures and tokens, are never looked at.
 */
export function auditLine(
  { httpMethod, resource, pathParameters, queryStringParameters, body, requestContext }: APIGatewayProxyEvent,
  { statusCode, body: answer }: Pick<APIGatewayProxyResult, 'statusCode' | 'body'>,
): Readonly<Record<string, unknown>> {
  const { accountId, ...ids } = pathParameters ?? {};
  const sent = objectIn(body);
  const { identity, requestId } = requestContext;
  const what = { ...ids, ...Object.fromEntries(TOLD.map((name) => [name, sent[name]])) };
  return {
    audit: true,
    who: { arn: identity?.userArn, caller: identity?.caller, address: identity?.sourceIp },
    route: `${httpMethod} ${resource}`,
    accountId: kept(accountId),
    what: Object.fromEntries(Object.entries(what).map(([name, value]) => [name, kept(value)])),
    // From where the route takes it.
    reason: clipped(httpMethod === 'PUT' ? sent['reason'] : queryStringParameters?.['reason']),
    result: { status: statusCode, problem: clipped(objectIn(answer)['type']) },
    requestId,
  };
}

function kept(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return KEPT.test(value) ? value : '(no id)';
}

function clipped(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, LONGEST) : undefined;
}

function objectIn(text: string | null | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
