/**
 * A setting that the stack passes to the function: names and limits, never a secret.
 * @throws Error naming the variable that is missing.
 */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/** @throws Error naming the variable that is missing or no whole number above zero. */
export function numberSetting(name: string): number {
  const value = Number(setting(name));
  if (!Number.isInteger(value) || value <= 0)
    throw new Error(`the environment variable ${name} must be a whole number`);
  return value;
}
