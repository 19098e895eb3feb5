/** Parameter Store's operations over the parameters held. */
import { z } from 'zod';
import { AwsError, operation, unsupported, type Operations } from '../aws-json.ts';
import { latest, parameterType, unreadable, type Parameter, type Parameters } from './parameters.ts';

interface World {
  readonly parameters: Parameters;
  readonly region: string;
}

export function operations(world: World): Operations {
  return {
    GetParameter: getParameter(world),
    GetParameters: getParameters(world),
    GetParametersByPath: getParametersByPath(world),
    PutParameter: putParameter(world),
    DeleteParameter: deleteParameter(world),
    DeleteParameters: deleteParameters(world),
    GetServiceSetting: getServiceSetting(world),
  };
}

const name = z.string().min(1).max(2048);
const names = z.array(name).min(1).max(10);
const decryption = z.boolean().default(false);

const getParameter = (world: World) =>
  operation('signed', z.object({ Name: name, WithDecryption: decryption }), ({ Name, WithDecryption }) => {
    const found = find(world, Name);
    if ('missing' in found) throw new AwsError(found.missing, '');
    return { Parameter: describe(world, found, WithDecryption) };
  });

const getParameters = (world: World) =>
  operation('signed', z.object({ Names: names, WithDecryption: decryption }), ({ Names, WithDecryption }) => {
    const wanted = [...new Set(Names)].map((each) => ({ each, found: find(world, each) }));
    return {
      Parameters: wanted.flatMap(({ found }) =>
        'missing' in found ? [] : [describe(world, found, WithDecryption)],
      ),
      InvalidParameters: wanted.flatMap(({ each, found }) => ('missing' in found ? [each] : [])),
    };
  });

const byPath = z.object({
  Path: z.string().max(2048).startsWith('/'),
  Recursive: z.boolean().default(false),
  WithDecryption: decryption,
  MaxResults: z.int().min(1).max(10).default(10),
  NextToken: z.string().optional(),
  ParameterFilters: z.array(z.unknown()).max(0, 'filters are not supported by the stand-in').optional(),
});

const getParametersByPath = (world: World) =>
  operation('signed', byPath, ({ Path, Recursive, WithDecryption, MaxResults, NextToken }) => {
    const base = Path.endsWith('/') ? Path : `${Path}/`;
    const after = NextToken === undefined ? '' : readToken(NextToken, base);
    const below = world.parameters
      .all()
      .filter(
        (each) => each.name.startsWith(base) && (Recursive || !each.name.slice(base.length).includes('/')),
      )
      .filter((each) => each.name > after)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const page = below.slice(0, MaxResults);
    const last = page.at(-1);
    return {
      Parameters: page.map((parameter) =>
        describe(world, { parameter, version: latest(parameter) }, WithDecryption),
      ),
      ...(last && below.length > page.length && { NextToken: writeToken(last.name, base) }),
    };
  });

const putting = z.object({
  Name: z.string().min(1).max(2048),
  Value: z.string(),
  Type: parameterType.optional(),
  Overwrite: z.boolean().default(false),
  Description: z.string().max(1024).optional(), // only DescribeParameters would show it, and that is refused
  Tier: z.literal('Standard', 'the stand-in has only the tier Standard').optional(),
  DataType: z.literal('text', 'the stand-in has only the data type text').optional(),
  KeyId: z.literal('alias/aws/ssm', 'the stand-in has no KMS keys').optional(),
  AllowedPattern: unsupported('the stand-in does not support it'),
  Policies: unsupported('the stand-in does not support it'),
  Tags: z.array(z.unknown()).max(0, 'the stand-in does not support tags').optional(),
});

const putParameter = ({ parameters }: World) =>
  operation('signed', putting, ({ Name, Value, Type, Overwrite }) => ({
    Version: parameters.put({ name: Name, value: Value, type: Type, overwrite: Overwrite }),
    Tier: 'Standard',
  }));

const deleteParameter = ({ parameters }: World) =>
  operation('signed', z.object({ Name: name }), ({ Name }) => {
    if (!parameters.remove(Name)) throw new AwsError('ParameterNotFound', '');
    return {};
  });

const deleteParameters = ({ parameters }: World) =>
  operation('signed', z.object({ Names: names }), ({ Names }) => {
    const wanted = [...new Set(Names)].map((each) => ({ each, existed: parameters.remove(each) }));
    return {
      DeletedParameters: wanted.filter(({ existed }) => existed).map(({ each }) => each),
      InvalidParameters: wanted.filter(({ existed }) => !existed).map(({ each }) => each),
    };
  });

const setting = z.object({
  SettingId: z.literal('/ssm/parameter-store/default-parameter-tier', 'the stand-in has only this setting'),
});

const getServiceSetting = ({ region }: World) =>
  operation('signed', setting, ({ SettingId }) => ({
    ServiceSetting: {
      SettingId,
      SettingValue: 'Standard',
      Status: 'Default',
      ARN: `arn:aws:ssm:${region}:000000000000:servicesetting${SettingId}`,
    },
  }));

const ARN = /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter/;

interface Found {
  readonly parameter: Parameter;
  readonly version: Parameter['versions'][number];
  readonly selector?: string;
}

/** Finds `name`, `name:version`, or the ARN of either. Labels cannot be given, so a label is a version not found. */
function find(
  { parameters }: World,
  reference: string,
): Found | { missing: 'ParameterNotFound' | 'ParameterVersionNotFound' } {
  const [path = '', selector] = reference.replace(ARN, '').split(':');
  const parameter =
    parameters.get(path) ?? (ARN.test(reference) ? parameters.get(path.replace('/', '')) : undefined); // an ARN shows `name` as `/name`
  if (!parameter) return { missing: 'ParameterNotFound' };
  if (selector === undefined) return { parameter, version: latest(parameter) };
  const version = parameter.versions.find((each) => String(each.version) === selector);
  return version ? { parameter, version, selector: `:${selector}` } : { missing: 'ParameterVersionNotFound' };
}

function describe({ region }: World, { parameter, version, selector }: Found, decrypt: boolean) {
  const readable = decrypt || parameter.type !== 'SecureString';
  return {
    Name: parameter.name,
    Type: parameter.type,
    Value: readable ? version.value : unreadable(parameter, version),
    Version: version.version,
    ...(selector && { Selector: selector }),
    LastModifiedDate: version.modifiedAtMs / 1000,
    ARN: `arn:aws:ssm:${region}:000000000000:parameter${parameter.name.replace(/^\/?/, '/')}`,
    DataType: 'text',
  };
}

function writeToken(after: string, base: string): string {
  return Buffer.from(JSON.stringify([base, after])).toString('base64url');
}

/** A token holds for the path it was given for. */
function readToken(token: string, base: string): string {
  try {
    const [path, after] = z
      .tuple([z.string(), z.string()])
      .parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
    if (path === base) return after;
  } catch {
    // falls through: whatever is wrong with it, the caller did not get it from here
  }
  throw new AwsError('InvalidNextToken', 'The specified token is not valid.');
}
