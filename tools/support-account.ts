import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ID } from '../shared/domain/ids.ts';
import { isInstant } from '../shared/domain/instants.ts';
import { Complaint, WrongUsage, type Say } from './command.ts';
import { stageAccess } from './stage.ts';
import { supportApi, type SupportApi } from './support-api.ts';
import { erasedTold, viewTold, type AccountView } from './support-words.ts';

export const USAGE = `npm run support -- <stage> look-up <account> [--reason <why>]
npm run support -- <stage> export <account> [--out <file>] [--reason <why>]
npm run support -- <stage> end-session <account> <session> --reason <why>
npm run support -- <stage> grant <account> <promotion> --product <id> --until <date> [--from <date>] --reason <why>
npm run support -- <stage> revoke <account> <promotion> --reason <why>
npm run support -- <stage> erase <account> --reason <why> [--yes]

  <stage>    dev, prod, a branch, or local for what npm start runs
  --reason   why, for the audit log: the number of a ticket, and nothing personal
  --product  what is given, as catalog.json calls it
  --until    the day or instant at which it ends, as in 2026-12-31 or 2026-12-31T18:00:00Z; in UTC
  --from     when it begins; now, unless it was given before
  --out      the file that the export is written to; without it, it is shown
  --yes      erase without asking`;

interface World {
  /** Asks whoever sits there. */
  readonly saysYes: (prompt: string) => Promise<boolean>;
}

const options = {
  reason: { type: 'string' },
  product: { type: 'string' },
  until: { type: 'string' },
  from: { type: 'string' },
  out: { type: 'string' },
  yes: { type: 'boolean' },
} as const;

interface Asked {
  readonly api: SupportApi;
  readonly account: string;
  /** The session or promotion that it is about. */
  readonly other: string;
  readonly values: ReturnType<typeof parsed>['values'];
  readonly say: Say;
}

type Deed = (world: World, asked: Asked) => Promise<void>;

/** Each with what it takes besides an account. */
const DEEDS: Readonly<Record<string, { readonly other?: 'session' | 'promotion'; readonly deed: Deed }>> = {
  'look-up': { deed: lookUp },
  export: { deed: exportAccount },
  'end-session': { other: 'session', deed: endSession },
  grant: { other: 'promotion', deed: grant },
  revoke: { other: 'promotion', deed: revoke },
  erase: { deed: erase },
};

/** The command that does support's work on one account, with the caller's own AWS credentials. */
export function supportAccount(world: World) {
  return async (args: readonly string[], say: Say): Promise<void> => {
    const { values, positionals } = parsed(args);
    const [stage = '', name = '', account = '', other = '', surplus] = positionals;
    if (stage === '') throw new WrongUsage('Say which stage.');
    const chosen = Object.hasOwn(DEEDS, name) ? DEEDS[name] : undefined;
    if (!chosen) throw new WrongUsage(`Say one of ${Object.keys(DEEDS).join(', ')}.`);
    requireId('account', account);
    if (chosen.other) requireId(chosen.other, other);
    const tooMany = surplus ?? (chosen.other ? '' : other);
    if (tooMany !== '') throw new WrongUsage(`'${tooMany}' is one argument too many.`);
    const api = await supportApi(stageAccess(stage));
    await chosen.deed(world, { api, account, other, values, say });
  };
}

async function lookUp(_: World, { api, account, values, say }: Asked): Promise<void> {
  say(viewTold((await api.get(account, values.reason)) as AccountView));
}

async function exportAccount(_: World, { api, account, values, say }: Asked): Promise<void> {
  const text = `${JSON.stringify(await api.get(`${account}/export`, values.reason), undefined, 2)}\n`;
  if (values.out === undefined) return say(text.trimEnd());
  // Everything about somebody: for nobody else's eyes, and over nothing that is there.
  await writeFile(values.out, text, { mode: 0o600, flag: 'wx' }).catch((cause: unknown) => {
    throw new Complaint(`${values.out} cannot be written, or is there already.`, { cause });
  });
  say(`All that is stored of ${account} is in ${values.out}.`);
}

async function endSession(_: World, { api, account, other, values, say }: Asked): Promise<void> {
  await api.remove(`${account}/sessions/${other}`, reasonIn(values));
  say(`The session ${other} is ended, and its player told.`);
}

async function grant(_: World, { api, account, other, values, say }: Asked): Promise<void> {
  const { product: productId, until, from } = values;
  if (productId === undefined) throw new WrongUsage('Say what is given: --product <id>.');
  if (until === undefined) throw new WrongUsage('Say until when: --until <date>.');
  const body = {
    productId,
    validUntil: instantIn('--until', until),
    ...(from !== undefined && { validFrom: instantIn('--from', from) }),
    reason: reasonIn(values),
  };
  const given = (await api.put(`${account}/promotions/${other}`, body)) as typeof body;
  say(`${account} has ${productId} until ${given.validUntil}, as ${other}, within seconds.`);
}

async function revoke(_: World, { api, account, other, values, say }: Asked): Promise<void> {
  await api.remove(`${account}/promotions/${other}`, reasonIn(values));
  say(`${account} has the promotion ${other} no more, within seconds.`);
}

async function erase(world: World, { api, account, values, say }: Asked): Promise<void> {
  const reason = reasonIn(values);
  const view = (await api.get(account, reason)) as AccountView;
  if (!view.stored) throw new Complaint(`Nothing is stored of ${account}.`);
  say(viewTold(view));
  say('');
  const confirmed =
    values.yes ?? (await world.saysYes(`Erase all this of ${account}? It cannot be brought back.`));
  if (!confirmed) return say('Nothing was erased. To do it: --yes');
  await api.remove(account, reason);
  say(erasedTold(account, await api.outputs(), await nothingLeft(api, account, reason)));
}

/** Whoever recomputes does it, within a second or two; in an outage of Momento, after it. */
async function nothingLeft(api: SupportApi, account: string, reason: string): Promise<boolean> {
  for (let waitMs = 250; waitMs < 8000; waitMs *= 2) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const { purchases, sessions, pending } = (await api.get(account, reason)) as AccountView;
    const empty = purchases.length === 0 && sessions?.length === 0 && pending.announcements.length === 0;
    if (empty) return true;
  }
  return false;
}

function reasonIn({ reason = '' }: Asked['values']): string {
  if (reason.trim() === '') throw new WrongUsage('Say why: --reason <why>.');
  return reason;
}

function instantIn(option: string, text: string): string {
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00.000Z` : text;
  if (!isInstant(instant)) throw new WrongUsage(`${option} takes a day or an instant, as in 2026-12-31.`);
  return instant;
}

function requireId(what: string, id: string): void {
  if (id === '') throw new WrongUsage(`Say which ${what}.`);
  if (!ID.test(id)) throw new WrongUsage(`'${id}' can be no ${what}’s id.`);
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new WrongUsage(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
