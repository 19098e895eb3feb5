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

/** Throws unless every attribute is a standard one (or in `also`) and well-formed. */
export function readAttributes(
  list: readonly { readonly Name: string; readonly Value: string }[],
  also: readonly string[] = [],
): Attributes {
  const allowed: readonly string[] = [...STANDARD_ATTRIBUTES, ...also];
  for (const { Name, Value } of list) {
    if (Name === 'sub' || (Name.endsWith('_verified') && !allowed.includes(Name))) {
      throw new AwsError('NotAuthorizedException', 'A client attempted to write unauthorized attribute');
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

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
