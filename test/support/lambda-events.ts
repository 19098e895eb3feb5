import type {
  APIGatewayProxyEvent,
  APIGatewayProxyResult,
  Context,
  SQSEvent,
  SQSRecord,
  SQSRecordAttributes,
} from 'aws-lambda';

/** Of what API Gateway sends, the parts that our functions read. */
export interface Call {
  readonly method?: string;
  readonly resource?: string;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly query?: Readonly<Record<string, string>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  /** What the Cognito authorizer says; absent on an open route. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What a Cognito ID token says of Ada. */
export const ADA = { sub: 'ada', token_use: 'id' } as const;

export function apiEvent({
  method = 'GET',
  resource = '/entitlements',
  headers = {},
  query = null,
  body = null,
  isBase64Encoded = false,
  claims,
}: Call = {}): APIGatewayProxyEvent {
  return {
    httpMethod: method,
    resource,
    path: resource,
    headers,
    multiValueHeaders: {},
    queryStringParameters: query,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    body,
    isBase64Encoded,
    requestContext: { ...(claims && { authorizer: { claims } }) },
  } as unknown as APIGatewayProxyEvent;
}

const context = { getRemainingTimeInMillis: () => 10_000 } as unknown as Context;

/** Calls a handler as Lambda does. */
export async function invoke(
  handler: (event: APIGatewayProxyEvent, context: Context) => unknown,
  call: Call = {},
): Promise<APIGatewayProxyResult> {
  return (await handler(apiEvent(call), context)) as APIGatewayProxyResult;
}

/** A record of the checkout queue, received for the first time unless told otherwise. */
export function sqsRecord(
  messageId: string,
  body: string,
  { receives = 1 }: { readonly receives?: number } = {},
): SQSRecord {
  const attributes: SQSRecordAttributes = {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: '0',
    SenderId: 'usher',
    ApproximateFirstReceiveTimestamp: '0',
  };
  return {
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body,
    attributes,
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:checkout',
    awsRegion: 'eu-west-1',
  };
}

export function sqsEvent(...Records: readonly SQSRecord[]): SQSEvent {
  return { Records: [...Records] };
}
