/** A pool's own attributes: who may write them, and whose tokens tell of them. */
import { randomUUID } from 'node:crypto';
import {
  AdminCreateUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  AdminUpdateUserAttributesCommand,
  GetUserCommand,
  SignUpCommand,
  UpdateUserAttributesCommand,
  type AttributeType,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, signIn, start, type Running } from './stand-in.ts';

const custom = (name: string, Mutable = true) => ({ Name: name, AttributeDataType: 'String', Mutable });
const SCHEMA = [custom('household'), custom('origin', false)];
const household = (Value: string) => [{ Name: 'custom:household', Value }];

let running: Running;
let email: string;
beforeAll(async () => {
  running = await start({
    pool: { Schema: SCHEMA },
    client: { ReadAttributes: ['email', 'custom:household'], WriteAttributes: ['email', 'nickname'] },
  });
});
beforeEach(() => {
  email = `${randomUUID()}@example.com`;
});
afterAll(() => running.stop());

/** Made by an administrator, and signed in. */
async function signedIn(attributes: AttributeType[] = household('lovelace')) {
  const { sdk, userPoolId: UserPoolId } = running;
  const user = { UserPoolId, Username: email };
  await sdk.send(
    new AdminCreateUserCommand({ ...user, MessageAction: 'SUPPRESS', UserAttributes: attributes }),
  );
  await sdk.send(new AdminSetUserPasswordCommand({ ...user, Password: PASSWORD, Permanent: true }));
  const session = await signIn(running, email, PASSWORD);
  return { user, session, AccessToken: session.getAccessToken().getJwtToken() };
}

describe('an attribute that the app client may read and not write', () => {
  it('is in the ID token, as it is when that is issued', async () => {
    const { user, session } = await signedIn();
    expect(session.getIdToken().payload).toMatchObject({ 'custom:household': 'lovelace', email: email });
    expect(session.getAccessToken().payload).not.toHaveProperty('custom:household');
    await running.sdk.send(
      new AdminUpdateUserAttributesCommand({ ...user, UserAttributes: household('byron') }),
    );
    const again = await signIn(running, email, PASSWORD);
    expect(again.getIdToken().payload).toMatchObject({ 'custom:household': 'byron' });
  });

  it('cannot be set by signing up', async () => {
    const { sdk, clientId: ClientId } = running;
    const call = { ClientId, Username: email, Password: PASSWORD, UserAttributes: household('lovelace') };
    await expect(sdk.send(new SignUpCommand(call))).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'A client attempted to write unauthorized attribute',
    });
  });

  it('cannot be changed or taken away by its user, not even beside what she may change', async () => {
    const { user, AccessToken } = await signedIn();
    for (const value of ['byron', '']) {
      const UserAttributes = [{ Name: 'nickname', Value: 'Countess' }, ...household(value)];
      await expect(
        running.sdk.send(new UpdateUserAttributesCommand({ AccessToken, UserAttributes })),
      ).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    }
    const { UserAttributes } = await running.sdk.send(new AdminGetUserCommand(user));
    expect(UserAttributes).toContainEqual({ Name: 'custom:household', Value: 'lovelace' });
    expect(UserAttributes?.map(({ Name }) => Name)).not.toContain('nickname');
  });
});

describe('an app client', () => {
  it('hides what it may not read, from tokens and from the user', async () => {
    const hidden = [
      { Name: 'nickname', Value: 'Countess' },
      { Name: 'custom:origin', Value: 'import' },
    ];
    const { session, AccessToken } = await signedIn([...household('lovelace'), ...hidden]);
    const { UserAttributes } = await running.sdk.send(new GetUserCommand({ AccessToken }));
    const names = UserAttributes?.map(({ Name }) => Name).toSorted();
    expect(names).toEqual(['custom:household', 'email', 'sub']);
    expect(session.getIdToken().payload).not.toHaveProperty('nickname');
    expect(session.getIdToken().payload).not.toHaveProperty('custom:origin');
  });

  it('lets its users change what it may write', async () => {
    const { AccessToken, user } = await signedIn();
    const change = async (Value: string) => {
      const UserAttributes = [{ Name: 'nickname', Value }];
      await running.sdk.send(new UpdateUserAttributesCommand({ AccessToken, UserAttributes }));
      return (await running.sdk.send(new AdminGetUserCommand(user))).UserAttributes;
    };
    expect(await change('Countess')).toContainEqual({ Name: 'nickname', Value: 'Countess' });
    expect((await change(''))?.map(({ Name }) => Name)).not.toContain('nickname');
  });

  it.each([
    ['names no attributes', {}],
    ['has empty lists of them', { ReadAttributes: [], WriteAttributes: [] }],
  ])('that %s reads and writes all there are', async (_, lists) => {
    const { standIn, userPoolId, sdk } = running;
    const properties = { ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'], ...lists };
    const { clientId } = standIn.ensureUserPoolClient({ name: 'Other', userPoolId, properties });
    const { user } = await signedIn();
    const session = await signIn({ ...running, clientId }, email, PASSWORD);
    expect(session.getIdToken().payload).toMatchObject({ 'custom:household': 'lovelace' });
    const AccessToken = session.getAccessToken().getJwtToken();
    await sdk.send(new UpdateUserAttributesCommand({ AccessToken, UserAttributes: household('byron') }));
    const { UserAttributes } = await sdk.send(new AdminGetUserCommand(user));
    expect(UserAttributes).toContainEqual({ Name: 'custom:household', Value: 'byron' });
  });

  it.each(['ReadAttributes', 'WriteAttributes'])('cannot name in its %s what the pool has not', (list) => {
    const { standIn, userPoolId } = running;
    const properties = { [list]: ['email', 'custom:plan'] };
    expect(() => standIn.ensureUserPoolClient({ name: 'Other', userPoolId, properties })).toThrow(
      new RegExp(`cannot honour user pool client Other: ${list} \\(custom:plan\\)`),
    );
  });
});

describe('an administrator', () => {
  it('changes what can be changed, and sets the rest but once', async () => {
    const { user } = await signedIn([...household('lovelace'), { Name: 'custom:origin', Value: 'import' }]);
    const update = (UserAttributes: AttributeType[]) =>
      running.sdk.send(new AdminUpdateUserAttributesCommand({ ...user, UserAttributes }));
    await expect(update([{ Name: 'custom:origin', Value: 'other' }])).rejects.toThrow(
      'user.custom:origin: Attribute cannot be updated.',
    );
    await expect(update([{ Name: 'custom:plan', Value: 'gold' }])).rejects.toThrow(
      'Attributes did not conform to the schema: custom:plan: Attribute does not exist in the schema.',
    );
    await expect(update([{ Name: 'email', Value: 'other@example.com' }])).rejects.toThrow(
      'stand-in does not support',
    );
  });
});

describe('a pool', () => {
  const ensure = (Schema: object[]) => () =>
    running.standIn.ensureUserPool({
      name: 'Viewers',
      properties: {
        UsernameAttributes: ['email'],
        UsernameConfiguration: { CaseSensitive: false },
        Schema,
      },
    });

  it('is given more attributes, and never loses or changes one', () => {
    expect(ensure([...SCHEMA, custom('plan')])).not.toThrow();
    expect(ensure([custom('household'), custom('plan')])).toThrow('Schema cannot be changed');
    expect(ensure([custom('household', false), ...SCHEMA.slice(1), custom('plan')])).toThrow('Schema');
  });

  it.each([
    ['of another type', { ...custom('plan'), AttributeDataType: 'Number' }],
    ['that every user must have', { ...custom('plan'), Required: true }],
    ['with a long name', custom('x'.repeat(21))],
    ['by the name of one that every pool has', custom('address')],
    ['with limits of its length', { ...custom('plan'), StringAttributeConstraints: { MaxLength: '8' } }],
  ])('has none %s', (_, attribute) => {
    expect(ensure([...SCHEMA, attribute])).toThrow(/cannot honour user pool Viewers: Schema/);
  });
});
