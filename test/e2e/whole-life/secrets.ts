import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { LocalStack } from '../../../local/stack.ts';
import type { Place, Secret } from '../../support/secret-scan.ts';
import { awsClient } from '../running-stage.ts';
import type { RecordedAnswer, SignedIn } from './answers.ts';

/** What Parameter Store keeps encrypted, whole and in each of its parts. */
export async function keptSecrets(stage: LocalStack): Promise<readonly Secret[]> {
  const ssm = new SSMClient(awsClient(stage, 'ssm'));
  const everything = new GetParametersByPathCommand({ Path: '/usher/local', WithDecryption: true });
  const { Parameters = [], NextToken } = await ssm.send(everything);
  ssm.destroy();
  if (NextToken !== undefined) throw new Error('there are more parameters than one answer holds');
  return Parameters.filter(({ Type }) => Type === 'SecureString').flatMap(({ Name = '', Value = '' }) =>
    partsOf(Name, Value),
  );
}

/** The credentials by which each function signs what it asks AWS for. Its own environment is where they are. */
export function functionSecrets({ variables }: LocalStack): readonly Secret[] {
  return [...variables].flatMap(([functionName, own]) =>
    ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map((variable) => ({
      name: `${variable} of ${functionName}`,
      value: own[variable]!,
      belongs: ({ name }: Place) => name === environmentOf(functionName),
    })),
  );
}

export function environmentOf(functionName: string): string {
  return `the environment of ${functionName}`;
}

/** What viewers sign in with, and what Cognito gives them for it. */
export function viewerSecrets(
  passwords: ReadonlyMap<string, string>,
  signIns: readonly SignedIn[],
): readonly Secret[] {
  return [
    ...[...passwords].map(([username, value]) => ({ name: `the password of ${username}`, value })),
    ...signIns.flatMap((tokens, index) =>
      (['IdToken', 'AccessToken', 'RefreshToken'] as const).map((kind) => ({
        name: `${kind} of sign-in ${index + 1}`,
        value: tokens[kind],
      })),
    ),
  ];
}

/** Where a viewer is given what is hers, and what that is called there. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  'GET /token': ['token', 'cacheToken'],
  'POST /sessions': ['sessionToken'],
  'POST /heartbeats': ['sessionToken'],
  'POST heartbeat URL': ['sessionToken'],
};

/**
 * The tokens that the product itself makes. Momento's belong into the answers of GET /token, a session's into those that
 * start and renew it; each of them into those of its own account alone.
 */
export function givenSecrets(answers: readonly RecordedAnswer[]): readonly Secret[] {
  return answers.flatMap(({ route, accountId, body }) => {
    const fields = GIVEN[withoutQuery(route)];
    if (fields === undefined || body === '') return [];
    const given = JSON.parse(body) as Readonly<Record<string, string | undefined>>;
    return fields.flatMap((field) =>
      partsOf(`${field} of ${accountId}`, given[field] ?? '').map((secret) => ({
        ...secret,
        belongs: (place: Place) => isAnswer(place) && gives(place, field) && place.accountId === accountId,
      })),
    );
  });
}

function gives({ route }: RecordedAnswer, field: string): boolean {
  return GIVEN[withoutQuery(route)]?.includes(field) ?? false;
}

function isAnswer(place: Place): place is RecordedAnswer {
  return 'route' in place;
}

function withoutQuery(route: string): string {
  return route.replace(/\?.*/, '');
}

/** A secret, and all that stands inside it and would be enough for who finds it. */
function partsOf(name: string, value: string): readonly Secret[] {
  if (value === '') return [];
  const words = value.split(' ');
  const inside = words.flatMap((word) => [
    ...(words.length > 1 ? [word] : []),
    ...(word.startsWith('whsec_') ? signingParts(word.slice('whsec_'.length)) : []),
    ...textsUnder(['api_key', 'd'], parsed(word) ?? parsed(Buffer.from(word, 'base64').toString())),
  ]);
  return [{ name, value }, ...inside.map((part) => ({ name: `a part of ${name}`, value: part }))];
}

/** Without the prefix, and the bytes that some libraries sign with. */
function signingParts(key: string): readonly string[] {
  return [key, Buffer.from(key, 'base64').toString('hex')];
}

/** Momento's keys are JSON in base64, with the key proper in `api_key`; the private part of a JWK is `d`. */
function textsUnder(names: readonly string[], value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' ? (names.includes(name) ? [inner] : []) : textsUnder(names, inner),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
