import { expect, test } from 'vitest';
import { sessionTerminated } from '../../../shared/domain/session-messages.ts';
import { session } from '../../support/sessions.ts';

const nowMs = Date.parse('2026-11-22T10:00:00.000Z');

test('the end of a session is a CloudEvent with the session’s id and no version', () => {
  const loser = session({ sessionId: 'loser', deviceId: 'tv' });
  expect(sessionTerminated('ada', loser, 'terminated', nowMs, session({ deviceId: 'phone' }))).toEqual({
    specversion: '1.0',
    id: 'loser',
    source: 'usher',
    type: 'session.terminated',
    subject: 'ada',
    time: '2026-11-22T10:00:00.000Z',
    datacontenttype: 'application/json',
    data: { sessionId: 'loser', deviceId: 'tv', reason: 'terminated', by: 'phone' },
  });
});

test('nobody is named where nobody took the place', () => {
  expect(sessionTerminated('ada', session(), 'revoked', nowMs).data).not.toHaveProperty('by');
});

test('it stays within a kilobyte with the longest ids that there are', () => {
  const long = 'x'.repeat(64);
  const message = sessionTerminated(
    long,
    { sessionId: long, deviceId: long },
    'superseded',
    nowMs,
    session({ deviceId: long }),
  );
  expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(1024);
});
