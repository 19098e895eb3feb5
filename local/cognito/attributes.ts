/** User attributes as callers send them, checked as the service checks them. */
import { z } from 'zod';
import { AwsError } from '../aws-json.ts';

/** The standard attributes that are plain strings in a token. */
export const STANDARD_ATTRIBUTES = [
  'birthdate',
  'email',
  'family_name',
  'gender',
  'given_name',
  'locale',
  'middle_name',
  'name',
  'nickname',
  'phone_number',
  'picture',
  'preferred_username',
  'profile',
  'website',
  'zoneinfo',
] as const;

export const attributeList = z
  .array(z.object({ Name: z.string().min(1).max(32), Value: z.string().max(2048).default('') }))
  .default([]);

export type Attributes = Readonly<Record<string, string>>;

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export function isEmail(value: string): boolean {
  return EMAIL.test(value);
}

/** A pool's own attributes, by their names with `custom:`. */
export type CustomAttributes = Readonly<Record<string, { readonly mutable: boolean }>>;

/**
 * What an app client may do with attributes. Where it names none, or none but an empty list, it may do it with all:
 * AWS says with the standard ones alone, and people find otherwise (https://github.com/aws/aws-cdk/issues/30608).
 */
export interface AttributePermissions {
  readonly readable: readonly string[] | undefined;
  readonly writable: readonly string[] | undefined;
}

/** Throws an Error unless what an app client may do is about attributes of the pool, those it requires included. */
export function requirePermissible(
  client: string,
  { readable = [], writable }: AttributePermissions,
  { customAttributes, requiredAttributes }: PoolAttributes,
): void {
  const known: readonly string[] = [...STANDARD_ATTRIBUTES, ...Object.keys(customAttributes)];
  const wrong = [
    ...readable
      .filter((name) => ![...known, ...VERIFIED].includes(name))
      .map((name) => `ReadAttributes (${name})`),
    ...(writable ?? []).filter((name) => !known.includes(name)).map((name) => `WriteAttributes (${name})`),
    ...(writable?.length && requiredAttributes.some((name) => !writable.includes(name))
      ? ['WriteAttributes (required)']
      : []),
  ];
  if (wrong.length > 0) throw new Error(`The Cognito stand-in cannot honour ${client}: ${wrong.join(', ')}`);
}

const VERIFIED = ['email_verified', 'phone_number_verified'];

type Given = readonly { readonly Name: string; readonly Value: string }[];
export interface PoolAttributes {
  readonly requiredAttributes: readonly string[];
  readonly customAttributes: CustomAttributes;
}
interface Schema {
  readonly settings: Pick<PoolAttributes, 'customAttributes'>;
}

/** What is set by way of an app client. Throws also for what the client may not write. */
export function readOwnAttributes(
  list: Given,
  { settings: { writable } }: { readonly settings: Pick<AttributePermissions, 'writable'> },
  pool: Schema,
): Attributes {
  if (!list.every(({ Name }) => isAmong(writable, Name))) throw unauthorized();
  return readAttributes(list, pool);
}

/** What an app client lets its users, and their ID tokens, know of these attributes. */
export function readableOf(
  attributes: Attributes,
  { settings: { readable } }: { readonly settings: Pick<AttributePermissions, 'readable'> },
): Attributes {
  const isReadable = (name: string) => name === 'sub' || isAmong(readable, name);
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isReadable(name)));
}

/** The attributes after a change, of which a blank value takes one away. Throws for what can be set only once. */
export function changedAttributes({ settings }: Schema, before: Attributes, change: Attributes): Attributes {
  const fixed = Object.keys(change).find((name) => settings.customAttributes[name]?.mutable === false);
  if (fixed) throw invalid(`user.${fixed}: Attribute cannot be updated.`);
  if ('email' in change || 'phone_number' in change) {
    throw invalid('The Cognito stand-in does not support changing what is verified by a code.');
  }
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''));
}

/** Throws unless every attribute is a standard one, the pool's own or in `also`, and well-formed. */
export function readAttributes(
  list: Given,
  { settings: { customAttributes } }: Schema,
  also: readonly string[] = [],
): Attributes {
  const allowed: readonly string[] = [...STANDARD_ATTRIBUTES, ...Object.keys(customAttributes), ...also];
  for (const { Name, Value } of list) {
    if (Name === 'sub' || (Name.endsWith('_verified') && !allowed.includes(Name))) {
      throw unauthorized();
    }
    if (isCustom(Name) && !allowed.includes(Name)) {
      throw invalid(
        `Attributes did not conform to the schema: ${Name}: Attribute does not exist in the schema.`,
      );
    }
    if (!allowed.includes(Name)) {
      throw invalid(`Attributes did not conform to the schema: ${Name}: The stand-in does not support it.`);
    }
    if (Name === 'email' && !isEmail(Value)) throw invalid('Invalid email address format.');
    if (Name === 'phone_number' && !/^\+\d{1,15}$/.test(Value)) throw invalid('Invalid phone number format.');
    if (Name === 'birthdate' && Value.length !== 10) throw invalid('Invalid birthdate format.');
    if (Name === 'email_verified' && !/^(true|false)$/i.test(Value))
      throw invalid('Invalid email_verified format.');
  }
  return Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
}

/** Throws for the first of `required` that is missing or empty. */
export function requireAttributes(required: readonly string[], attributes: Attributes): void {
  const missing = required.find((name) => !attributes[name]);
  if (missing) {
    throw invalid(
      `Attributes did not conform to the schema: ${missing}: The attribute ${missing} is required`,
    );
  }
}

export function listed(attributes: Attributes): readonly { Name: string; Value: string }[] {
  return Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
}

function isAmong(permitted: readonly string[] | undefined, name: string): boolean {
  return !permitted?.length || permitted.includes(name);
}

function isCustom(name: string): boolean {
  return name.startsWith('custom:');
}

function unauthorized(): AwsError {
  return new AwsError('NotAuthorizedException', 'A client attempted to write unauthorized attribute');
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
