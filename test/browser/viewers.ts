import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import type { LocalPlayer } from './local-player.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Those of somebody whom nobody knows yet. */
export const newCredentials = (): Credentials => ({
  email: `${randomUUID()}@example.com`,
  password: `Pw1!${randomUUID()}`,
});

export async function fillIn(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
}

/** Signs up, confirms with the code that the runner printed, and is signed in. */
export async function signUp(
  page: Page,
  player: Pick<LocalPlayer, 'reported'>,
  credentials = newCredentials(),
): Promise<void> {
  await page.getByRole('button', { name: 'Create an account' }).click();
  await fillIn(page, credentials);
  await page.getByRole('button', { name: 'Create account' }).click();
  const code = page.getByLabel('Code');
  await code.waitFor(); // the code is printed before the page hears that there is one
  const printed = player.reported.findLast((line) => line.includes(credentials.email));
  await code.fill(printed?.match(/\b\d{6}\b/)?.[0] ?? 'no code was printed');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await isLive(page);
}

export async function signIn(page: Page, credentials: Credentials): Promise<void> {
  await fillIn(page, credentials);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await isLive(page);
}

/** Resolves when the page hears what changes. */
export const isLive = (page: Page) => page.locator('#connection[data-state="live"]').waitFor();
