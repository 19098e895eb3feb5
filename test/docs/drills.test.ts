import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DRILLS } from '../e2e/drills/drills.ts';
import { createNotes } from '../e2e/drills/notes.ts';
import { pageOf } from '../e2e/drills/page.ts';

const page = readFileSync(new URL('../../docs/drills.md', import.meta.url), 'utf8');
const drills = Object.values(DRILLS);

test.each(drills)('docs/drills.md says what viewers noticed of the drill: %s', (drill) => {
  const [, section = ''] = page.split(`\n## ${drill}\n`);
  const [own = ''] = section.split('\n## ');
  expect(own).toMatch(/purchases were accepted/);
  expect(own).toMatch(/playbacks? stopped/);
  expect(page).toMatch(new RegExp(`^\\| ${drill}( \\| \\d+ s){5} \\|$`, 'm'));
});

test('the words of docs/drills.md are those that the drills would write today', () => {
  const today = pageOf(
    drills.map((drill) => createNotes().result(drill)),
    3,
  );
  const isWords = (line: string) => !/^(\||- )|accounts, each with/.test(line);
  expect(page.split('\n').filter(isWords)).toEqual(today.split('\n').filter(isWords));
});

test('what nobody met with is not told, and what somebody did is, with how long it lasted', () => {
  const notes = createNotes();
  notes.answered('read', 'ada', 200);
  notes.answered('heartbeat', 'ada', 410, 'expired');
  notes.stopped('over: revoked');
  const text = pageOf([notes.result(DRILLS.flush)], 1);
  expect(text).toContain('heartbeats: of 1, 1 × 410 expired; for one account out of reach 0 s at most');
  expect(text).toContain('playbacks stopped: 1 × over: revoked');
  expect(text).not.toContain('`GET /entitlements`: of');
});
