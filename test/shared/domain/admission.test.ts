import { describe, expect, test } from 'vitest';
import { decideAdmission, type WhenFull } from '../../../shared/domain/admission.ts';
import { slotOf, textOfSession, textOfTombstone, type Session } from '../../../shared/domain/sessions.ts';
import { session } from '../../support/sessions.ts';

const empty = slotOf(undefined);
const held = (one: Session) => slotOf(textOfSession(one));
const stone = (one: Session) => slotOf(textOfTombstone(one, 'terminated'));
const newcomer = { deviceId: 'phone', playerId: 'phone', startedAt: '2026-11-22T10:00:00.000Z' };
const on = (deviceId: string, minute: number, changes: Partial<Session> = {}) =>
  session({
    sessionId: `on-${deviceId}`,
    deviceId,
    playerId: deviceId,
    startedAt: `2026-11-22T09:${String(minute).padStart(2, '0')}:00.000Z`,
    ...changes,
  });

const tv = on('tv', 10);
const tablet = on('tablet', 5);
const phone = on('phone', 20);
const refusing = (limit: number) => ({ limit, whenFull: 'refuse-newest' as WhenFull });
const ending = (limit: number) => ({ limit, whenFull: 'end-oldest' as WhenFull });

describe('a newcomer', () => {
  test('takes the first slot that is free', () => {
    expect(decideAdmission([held(tv), empty, empty], newcomer, refusing(3))).toEqual({
      kind: 'take',
      number: 2,
      seen: undefined,
      instead: null,
    });
  });

  test('takes a slot whose session has ended, and says whose it was', () => {
    expect(decideAdmission([stone(tv), empty], newcomer, refusing(2))).toEqual({
      kind: 'take',
      number: 1,
      seen: textOfTombstone(tv, 'terminated'),
      instead: { sessionId: 'on-tv', reason: 'terminated' },
    });
  });

  test('never takes a slot above the limit, free as it may be', () => {
    expect(decideAdmission([held(tv), empty], newcomer, refusing(1)).kind).toBe('refuse');
    expect(decideAdmission([empty, empty], newcomer, refusing(0)).kind).toBe('refuse');
    expect(decideAdmission([empty, empty], newcomer, ending(0)).kind).toBe('refuse');
  });

  test('is refused when all are taken, and hears of everybody who stands, the oldest first', () => {
    expect(decideAdmission([held(tv), held(tablet)], newcomer, refusing(2))).toEqual({
      kind: 'refuse',
      conflicts: [tablet, tv],
    });
    expect(decideAdmission([held(tv), empty, held(tablet)], newcomer, refusing(1))).toMatchObject({
      conflicts: [tablet, tv],
    });
  });

  test('takes the place of the oldest within the limit where that is the policy', () => {
    expect(decideAdmission([held(tv), held(tablet)], newcomer, ending(2))).toEqual({
      kind: 'take',
      number: 2,
      seen: textOfSession(tablet),
      instead: { sessionId: 'on-tablet', reason: 'terminated' },
      ends: tablet,
    });
    expect(decideAdmission([held(tv), held(tablet)], newcomer, ending(1))).toMatchObject({ ends: tv });
  });

  test('ends nobody while a slot is free', () => {
    expect(decideAdmission([held(tv), empty], newcomer, ending(2))).toMatchObject({
      number: 2,
      instead: null,
    });
  });

  test('takes the place of its own session before a free one', () => {
    expect(decideAdmission([empty, held(phone)], newcomer, refusing(2))).toEqual({
      kind: 'take',
      number: 2,
      seen: textOfSession(phone),
      instead: { sessionId: 'on-phone', reason: 'superseded' },
      ends: phone,
    });
  });

  test('is another than one in a second tab of the same device', () => {
    const otherTab = on('phone', 20, { playerId: 'tab-2', startedAt: '2026-11-22T10:00:00.000Z' });
    expect(decideAdmission([held(otherTab)], newcomer, refusing(1)).kind).toBe('refuse');
  });

  test('takes the place of the session that it names, before its own and before a free one', () => {
    const wanted = { ...newcomer, terminate: 'on-tv' };
    expect(decideAdmission([empty, held(phone), held(tv)], wanted, refusing(3))).toEqual({
      kind: 'take',
      number: 3,
      seen: textOfSession(tv),
      instead: { sessionId: 'on-tv', reason: 'terminated' },
      ends: tv,
    });
  });

  test('first ends the session that it names where nobody may take its place', () => {
    const wanted = { ...newcomer, terminate: 'on-tv' };
    expect(decideAdmission([held(tablet), held(tv)], wanted, refusing(1))).toMatchObject({
      kind: 'end',
      standing: { number: 2, session: tv },
    });
  });

  test('that names a session which is gone stands where anybody would', () => {
    const wanted = { ...newcomer, terminate: 'gone' };
    expect(decideAdmission([held(tv), empty], wanted, refusing(2))).toMatchObject({ number: 2 });
    expect(decideAdmission([held(tv)], wanted, refusing(1)).kind).toBe('refuse');
  });

  test('does not step into its own slot above the limit', () => {
    expect(decideAdmission([held(tv), held(phone)], newcomer, refusing(1)).kind).toBe('refuse');
    expect(decideAdmission([empty, held(phone)], newcomer, refusing(1))).toMatchObject({ number: 1 });
  });

  test('takes over what nobody can read', () => {
    expect(decideAdmission([slotOf('{"noise":'), empty], newcomer, refusing(1))).toMatchObject({
      kind: 'take',
      number: 1,
      seen: '{"noise":',
    });
  });
});
