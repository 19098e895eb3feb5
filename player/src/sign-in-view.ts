import type { Account, Viewer } from './account.ts';
import type { Config } from './config.ts';
import { part } from './element.ts';
import { accountSentenceOf, isUnconfirmed } from './account-problems.ts';

interface World {
  readonly account: Pick<Account, 'signIn' | 'signUp' | 'confirm' | 'sendCodeAgain'>;
  readonly config: Pick<Config, 'cognitoEndpoint' | 'demoUser'>;
  readonly onSignedIn: (viewer: Viewer) => void;
}

export interface SignInView {
  /** Shows the sign-in form, with a word on why, and puts the cursor into it when asked to. */
  ask(why?: string, options?: { focus: boolean }): void;
}

type Step = 'sign-in' | 'sign-up' | 'confirm';

/** The forms by which one signs in, signs up, and confirms a sign-up by its code. */
export function createSignInView({ account, config, onSignedIn }: World): SignInView {
  const email = part('email', HTMLInputElement);
  const password = part('password', HTMLInputElement);
  const code = part('code', HTMLInputElement);
  const credentials = part('credentials', HTMLFormElement);
  const confirmation = part('confirmation', HTMLFormElement);
  const submit = part('credentials-submit', HTMLButtonElement);
  const demo = part('demo-account', HTMLButtonElement);
  const error = part('sign-in-error', HTMLElement);
  let step: Step = 'sign-in';

  credentials.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(credentials, step === 'sign-up' ? signUp : signIn);
  });
  confirmation.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(confirmation, confirm);
  });
  part('switch-step', HTMLButtonElement).addEventListener('click', () => {
    go(step === 'sign-up' ? 'sign-in' : 'sign-up');
    email.focus();
  });
  part('code-again', HTMLButtonElement).addEventListener('click', () => {
    void attempt(confirmation, async () => {
      await account.sendCodeAgain(email.value);
      error.textContent = 'A new code is on its way.';
    });
  });
  part('back-to-sign-in', HTMLButtonElement).addEventListener('click', () => {
    go('sign-in');
    email.focus();
  });
  demo.hidden = config.demoUser === undefined;
  demo.addEventListener('click', () => {
    go('sign-in');
    email.value = config.demoUser?.username ?? '';
    password.value = config.demoUser?.password ?? '';
    submit.focus();
  });
  part('code-hint', HTMLElement).textContent =
    config.cognitoEndpoint === undefined
      ? 'We have sent you a code by mail.'
      : 'On this machine no mail is sent: the code stands where npm start is running.';
  go('sign-in');

  return {
    ask(why = '', { focus } = { focus: false }) {
      go('sign-in');
      error.textContent = why;
      if (focus) email.focus();
    },
  };

  async function signIn(): Promise<void> {
    try {
      const viewer = await account.signIn(email.value.trim(), password.value);
      password.value = '';
      code.value = '';
      onSignedIn(viewer);
    } catch (reason) {
      if (!isUnconfirmed(reason)) throw reason;
      go('confirm');
      code.focus();
    }
  }

  async function signUp(): Promise<void> {
    await account.signUp(email.value.trim(), password.value);
    go('confirm');
    code.focus();
  }

  async function confirm(): Promise<void> {
    await account.confirm(email.value.trim(), code.value.trim());
    go('sign-in');
    await signIn();
  }

  /** One attempt at a time; what goes wrong is said above the form. */
  async function attempt(form: HTMLFormElement, act: () => Promise<void>): Promise<void> {
    if (form.getAttribute('aria-busy') === 'true') return;
    form.setAttribute('aria-busy', 'true');
    error.textContent = '';
    try {
      await act();
    } catch (reason) {
      error.textContent = accountSentenceOf(reason);
    } finally {
      form.removeAttribute('aria-busy');
    }
  }

  function go(next: Step): void {
    step = next;
    error.textContent = '';
    credentials.hidden = step === 'confirm';
    confirmation.hidden = step !== 'confirm';
    const signingUp = step === 'sign-up';
    part('sign-in-heading', HTMLElement).textContent = HEADINGS[step];
    part('password-hint', HTMLElement).hidden = !signingUp;
    password.autocomplete = signingUp ? 'new-password' : 'current-password';
    submit.textContent = signingUp ? 'Create account' : 'Sign in';
    part('switch-step', HTMLButtonElement).textContent = signingUp
      ? 'I have an account'
      : 'Create an account';
  }
}

const HEADINGS: Readonly<Record<Step, string>> = {
  'sign-in': 'Sign in',
  'sign-up': 'Create an account',
  confirm: 'Confirm your address',
};
