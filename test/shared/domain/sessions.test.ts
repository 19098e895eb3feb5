import { describe, expect, test } from 'vitest';
import {
  compareAge,
  fateOf,
  slotOf,
  standingIn,
  textOfSession,
  textOfTombstone,
  tombstoneOf,
  type Session,
} from '../../../shared/domain/sessions.ts';
import { session } from '../../support/sessions.ts';

const held = (one: Session) => slotOf(textOfSession(one));
const empty = slotOf(undefined);

describe('the text in a slot', () => {
  test('is the same for the same session, in whatever order its fields were read', () => {
    const one = session({ instead: { sessionId: 'before', reason: 'superseded' } });
    const shuffled = Object.fromEntries(Object.entries(one).toReversed()) as unknown as Session;
    expect(textOfSession(shuffled)).toBe(textOfSession(one));
  });

  test('gives the session back', () => {
    const one = session({ region: null, instead: { sessionId: 'before', reason: 'terminated' } });
    expect(held(one)).toEqual({ kind: 'held', text: textOfSession(one), session: one });
  });

  test('differs with the nonce alone', () => {
    expect(textOfSession(session({ nonce: 'a' }))).not.toBe(textOfSession(session({ nonce: 'b' })));
    expect(textOfTombstone(session({ nonce: 'a' }), 'revoked')).not.toBe(
      textOfTombstone(session({ nonce: 'b' }), 'revoked'),
    );
  });

  test('that is a tombstone says who stood there and why it is over', () => {
    const slot = slotOf(textOfTombstone(session({ sessionId: 'gone', deviceId: 'tv' }), 'revoked'));
    expect(slot).toMatchObject({
      kind: 'ended',
      ended: { sessionId: 'gone', reason: 'revoked' },
      deviceId: 'tv',
    });
    expect(tombstoneOf('gone', [empty, slot])).toBe(slot);
    expect(tombstoneOf('other', [empty, slot])).toBeUndefined();
  });

  test.each(['', '{', 'null', '[]', '7', '"text"', '{"sessionId":1}'])('that is %j is nobody’s', (text) => {
    expect(slotOf(text)).toMatchObject({ kind: 'ended', text, ended: { reason: 'expired' } });
  });
});

describe('who stands in the slots', () => {
  test('comes with its number, the oldest first', () => {
    const young = session({ sessionId: 'young', startedAt: '2026-11-22T09:59:00.001Z' });
    const old = session({ sessionId: 'old', startedAt: '2026-11-22T09:58:59.999Z' });
    const standing = standingIn([held(young), empty, slotOf(textOfTombstone(old, 'expired')), held(old)]);
    expect(standing.map(({ number, session: { sessionId } }) => [number, sessionId])).toEqual([
      [4, 'old'],
      [1, 'young'],
    ]);
  });

  test('of two that started together everybody takes the same for the older', () => {
    const [a, b] = [session({ sessionId: 'a', nonce: '2' }), session({ sessionId: 'b', nonce: '1' })];
    expect(compareAge(a, b)).toBeLessThan(0);
    expect(compareAge(b, a)).toBeGreaterThan(0);
  });
});

describe('what became of a session', () => {
  const gone = session({ sessionId: 'gone' });
  const heir = (changes: Partial<Session>) => held(session({ sessionId: 'heir', ...changes }));

  test('is what its tombstone says, wherever that lies', () => {
    expect(fateOf(gone, 1, [empty, slotOf(textOfTombstone(gone, 'revoked'))])).toBe('revoked');
    expect(fateOf(gone, null, [empty, slotOf(textOfTombstone(gone, 'terminated'))])).toBe('terminated');
  });

  test('is what whoever took its place did to it', () => {
    const instead = { sessionId: 'gone', reason: 'superseded' } as const;
    expect(fateOf(gone, 1, [heir({ instead })])).toBe('superseded');
  });

  test('is unknown when nothing stands in its slot: it was forgotten', () => {
    expect(fateOf(gone, 1, [empty, heir({})])).toBeUndefined();
    expect(fateOf(gone, null, [heir({})])).toBeUndefined();
  });

  test('is that it expired when another found its slot empty', () => {
    expect(fateOf(gone, 1, [heir({ instead: null })])).toBe('expired');
  });

  test('is that it was ended when whoever took its place has been replaced too', () => {
    const instead = { sessionId: 'between', reason: 'superseded' } as const;
    expect(fateOf(gone, 1, [heir({ instead })])).toBe('terminated');
  });

  test('is that it was ended when whoever took its place has ended since', () => {
    const between = session({ sessionId: 'between', instead: { sessionId: 'gone', reason: 'terminated' } });
    expect(fateOf(gone, 1, [slotOf(textOfTombstone(between, 'expired'))])).toBe('terminated');
    const chain = session({ sessionId: 'last', instead: { sessionId: 'between', reason: 'expired' } });
    expect(fateOf(gone, 1, [slotOf(textOfTombstone(chain, 'expired'))])).toBe('terminated');
    const fresh = session({ sessionId: 'after-a-flush', instead: null });
    expect(fateOf(gone, 1, [slotOf(textOfTombstone(fresh, 'expired'))])).toBe('expired');
  });
});
