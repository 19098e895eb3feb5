import type { Entitlement, Snapshot } from './entitlements.ts';

/** What is there to be watched, of what `GET /catalog` says. */
export interface Catalog {
  readonly contents: readonly {
    readonly contentId: string;
    readonly title: string;
    /** Tags, all of which an account needs. */
    readonly requires: readonly string[];
  }[];
}

type SignIn = (email: string, password: string) => Promise<void>;

/** Calls back when the form is sent, which is filled in with the account for trying out, where there is one. */
export function onSignIn(
  demo: { readonly username: string; readonly password: string } | undefined,
  signIn: SignIn,
): void {
  const form = document.querySelector('form')!;
  const [email, password] = form.querySelectorAll('input') as unknown as [HTMLInputElement, HTMLInputElement];
  email.value = demo?.username ?? '';
  password.value = demo?.password ?? '';
  form.querySelector('button')!.disabled = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    say('Signing in');
    signIn(email.value, password.value).then(
      () => (form.hidden = true),
      (error: unknown) => say(String(error)),
    );
  });
}

/** Says how things stand. */
export function say(text: string): void {
  document.querySelector('#status')!.textContent = text;
}

/** Shows what the account holds, and what it may watch with that; where and on which device a session decides. */
export function show({ entitlements }: Snapshot, { contents }: Catalog): void {
  const granted = new Set(entitlements.filter(({ held }) => held).flatMap(({ grants }) => grants));
  const open = contents.filter(({ requires }) => requires.every((tag) => granted.has(tag)));
  list('#entitlements', entitlements.map(inWords));
  list(
    '#titles',
    open.map(({ title }) => title),
  );
}

function inWords({ productId, status, held, validUntil }: Entitlement): string {
  return `${productId}, ${held ? status : 'not now'}${validUntil === null ? '' : ` until ${validUntil}`}`;
}

function list(where: string, lines: readonly string[]): void {
  const items = lines.map((line) => {
    const item = document.createElement('li');
    item.textContent = line;
    return item;
  });
  document.querySelector(where)!.replaceChildren(...items);
}
