import { useState, type SubmitEvent } from 'react';
import type { Config } from '../service.ts';

interface Props {
  readonly demoUser: Config['demoUser'];
  readonly onSignIn: (email: string, password: string) => Promise<void>;
}

export function SignInForm({ demoUser, onSignIn }: Props) {
  const [problem, setProblem] = useState('');

  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const entered = new FormData(event.currentTarget);
    const text = (name: string) => entered.get(name) as string;
    onSignIn(text('email'), text('password')).catch((error: unknown) => setProblem(String(error)));
  }

  return (
    <form onSubmit={submit}>
      <h1>Sign in</h1>
      <label>
        Email <input name="email" type="email" required defaultValue={demoUser?.username} />
      </label>{' '}
      <label>
        Password <input name="password" type="password" required defaultValue={demoUser?.password} />
      </label>{' '}
      <button>Sign in</button>
      <p role="alert">{problem}</p>
    </form>
  );
}
