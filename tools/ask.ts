import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { Complaint } from './command.ts';

export interface Question {
  /** What a line of the standard input calls it, where nobody types. */
  readonly name: string;
  readonly prompt: string;
  /** Whether what is typed stays off the screen. */
  readonly secret: boolean;
}

/** Never gives an empty answer. @throws Complaint when there is none to be had */
export type Ask = (question: Question) => Promise<string>;

interface Streams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks whoever sits at the terminal. Where nobody does, the answers are lines `name=value` of the standard input, in
 * any order: a secret has no place among a process's arguments or in its environment, which others can read.
 */
export function asker(streams: Streams): Ask {
  if (streams.input.isTTY) return (question) => typed(streams, question);
  let lines: Promise<ReadonlyMap<string, string>> | undefined;
  return async ({ name }) => {
    lines ??= text(streams.input).then(answersIn);
    const answer = (await lines).get(name);
    if (!answer) throw new Complaint(`The standard input has no line ${name}=…, and there is no terminal.`);
    return answer;
  };
}

/** Whether `y` or `yes` is typed; without a terminal nobody says yes. */
export async function saysYes({ input, output }: Streams, prompt: string): Promise<boolean> {
  if (!input.isTTY) return false;
  const answer = await line({ input, output }, { prompt: `${prompt} [y/N] `, secret: false });
  return /^y(es)?$/i.test(answer);
}

async function typed(streams: Streams, { prompt, secret }: Question): Promise<string> {
  for (;;) {
    const answer = await line(streams, { prompt: `${prompt}: `, secret });
    if (answer !== '') return answer;
  }
}

function line(
  { input, output }: Streams,
  { prompt, secret }: Pick<Question, 'prompt' | 'secret'>,
): Promise<string> {
  // A terminal in raw mode shows only what readline writes back: for a secret, nothing.
  const echo = secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : output;
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input, output: echo, terminal: true, historySize: 0 });
    if (secret) output.write(prompt);
    lines.question(secret ? '' : prompt, (answer) => {
      resolve(answer.trim());
      lines.close();
    });
    lines.once('close', () => {
      if (secret) output.write('\n');
      reject(new Complaint('Stopped.')); // without an answer: Ctrl-C, or the input has ended
    });
  });
}

/** @throws Complaint that quotes nothing: it may be a secret that stands in the wrong place */
function answersIn(given: string): ReadonlyMap<string, string> {
  const answers = new Map<string, string>();
  for (const [index, each] of given.split('\n').entries()) {
    if (each.trim() === '') continue;
    const [, name, value] = /^\s*([a-z-]+)=(.*)$/.exec(each) ?? [];
    if (name === undefined || value === undefined) {
      throw new Complaint(`Line ${index + 1} of the standard input is not name=value.`);
    }
    answers.set(name, value.trim());
  }
  return answers;
}
