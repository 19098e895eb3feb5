import { expect, test } from 'vitest';
import { failedMessages } from '../../../local/event-source/partial-batch.ts';

const batch = ['a', 'b', 'c'];

test.each([
  ['null', null],
  ['nothing', undefined],
  ['an empty object', {}],
  ['an empty list', { batchItemFailures: [] }],
  ['a null list', { batchItemFailures: null }],
])('takes %s for a complete success', (_what, answer) => {
  expect([...failedMessages(batch, answer)]).toEqual([]);
});

test('fails exactly the messages that are named', () => {
  const answer = { batchItemFailures: [{ itemIdentifier: 'b' }, { itemIdentifier: 'c' }] };
  expect([...failedMessages(batch, answer)]).toEqual(['b', 'c']);
});

test.each([
  ['an unknown message', [{ itemIdentifier: 'a' }, { itemIdentifier: 'z' }]],
  ['an empty identifier', [{ itemIdentifier: '' }]],
  ['a null identifier', [{ itemIdentifier: null }]],
  ['an entry under another name', [{ messageId: 'a' }]],
  ['a null entry', [null]],
  ['no list at all', 'a'],
])('fails the whole batch for %s', (_what, batchItemFailures) => {
  expect([...failedMessages(batch, { batchItemFailures })]).toEqual(batch);
});

test('fails the whole batch for an answer of another kind', () => {
  expect([...failedMessages(batch, 'done')]).toEqual(batch);
});
