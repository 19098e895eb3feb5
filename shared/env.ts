/**
 * A setting that the stack passes to the function: names and limits, never a secret.
 * @throws Error naming the variable that is missing.
 */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/** A setting that the stack passes to some stages only. */
export function optionalSetting(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** @throws Error naming the variable that is missing or none of the choices. */
export function choiceSetting<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
  const value = setting(name);
  const choice = choices.find((one) => one === value);
  if (choice === undefined)
    throw new Error(`the environment variable ${name} must be one of ${choices.join(', ')}`);
  return choice;
}

/** @throws Error naming the variable that is missing or no whole number above zero. */
export function numberSetting(name: string): number {
  const value = Number(setting(name));
  if (!Number.isInteger(value) || value <= 0)
    throw new Error(`the environment variable ${name} must be a whole number`);
  return value;
}
