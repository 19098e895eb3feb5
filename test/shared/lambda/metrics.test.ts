import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { capturedLog } from '../../support/captured-log.ts';
import { ADA, invoke } from '../../support/lambda-events.ts';

// Powertools reads its settings when it is first needed, and is kept; by other files of tests, too.
vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'usher');
vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'WARN');
vi.resetModules();
const { NotAsked } = await import('../../../shared/concurrency/circuit-breaker.ts');
const { Contended, Outage, Throttled, TooOften, Unavailable } = await import('../../../shared/errors.ts');
const { functionUrl } = await import('../../../shared/lambda/function-url.ts');
const { open, viewer } = await import('../../../shared/lambda/http.ts');
const { noteMissing } = await import('../../../shared/lambda/log.ts');
const { publishTally, tally, tallyTrouble } = await import('../../../shared/lambda/metrics.ts');
const { KeyRefused } = await import('../../../shared/momento/errors.ts');
afterAll(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** Long after all that was counted before, and long before now. */
let nowMs = Date.parse('2020-01-01T00:00:00.000Z');
beforeEach(() => {
  nowMs += 60_000;
});

describe('what is counted', () => {
  it('is told in one line of the embedded metric format, with the stage', async () => {
    const log = capturedLog();
    tally('Recomputes');
    tally('AnnouncementsPublished', 3);
    tally('Recomputes', 2);
    await publishTally();
    expect(log.lines()).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'usher',
              Dimensions: [['service', 'stage']],
              Metrics: [
                { Name: 'Recomputes', Unit: 'Count' },
                { Name: 'AnnouncementsPublished', Unit: 'Count' },
              ],
            },
          ],
        },
        service: 'usher',
        stage: 'test',
        level: 'WARN',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        Recomputes: 3,
        AnnouncementsPublished: 3,
      },
    ]);
  });

  it('is told once', async () => {
    const log = capturedLog();
    tally('Admissions');
    await publishTally();
    await publishTally();
    expect(log.lines()).toHaveLength(1);
  });

  it('makes no line when it is nothing', async () => {
    const log = capturedLog();
    tally('AnnouncementsPublished', 0);
    await publishTally();
    expect(log.text()).toBe('');
  });
});

describe('trouble with Momento', () => {
  it.each([
    ['MomentoUnreachable', new Outage('get')],
    ['MomentoThrottled', new Throttled('get')],
    ['TokenLimitHits', new TooOften('mint', { cause: new Throttled('mint') })],
  ])('is counted as %s', async (name, error) => {
    const log = capturedLog();
    tallyTrouble(error, nowMs);
    await publishTally();
    expect(log.lines()).toMatchObject([{ [name]: 1 }]);
  });

  it.each([
    ['what was not asked', new NotAsked('get')],
    ['a viewer who presses too often', new TooOften('again')],
    ['many at once', new Contended('start')],
    ['the table', new Unavailable('GetItem')],
    ['a refused key', new KeyRefused('get')],
    ['a fault of ours', new Error('oops')],
    ['nothing', undefined],
  ])('is not %s', async (_, error) => {
    const log = capturedLog();
    tallyTrouble(error, nowMs);
    await publishTally();
    expect(log.text()).toBe('');
  });

  it('is counted once in five seconds, each kind by itself, and viewers turned away every time', async () => {
    const log = capturedLog();
    const limit = new TooOften('mint', { cause: new Throttled('mint') });
    for (const ms of [0, 4999, 5000]) {
      tallyTrouble(new Outage('get'), nowMs + ms);
      tallyTrouble(limit, nowMs + ms);
    }
    tallyTrouble(new Throttled('get'), nowMs);
    await publishTally();
    expect(log.lines()).toMatchObject([{ MomentoUnreachable: 2, MomentoThrottled: 1, TokenLimitHits: 3 }]);
  });
});

describe('the end of an invocation', () => {
  const outage = () => Promise.reject(new Throttled('get'));

  it.each([
    ['a route that answers', () => invoke(viewer(admitting), { claims: ADA })],
    ['a route that refuses', () => invoke(open(admittingThenFailing))],
    ['the function URL', () => functionUrl('POST', admittingThenFailing)(urlEvent, clock)],
  ])('tells what was counted: %s', async (_, call) => {
    const log = capturedLog();
    await call();
    expect(log.lines().filter((line) => '_aws' in line)).toMatchObject([{ Admissions: 1 }]);
  });

  it('tells of what was missing although the answer was right', async () => {
    const log = capturedLog();
    noteMissing('cache not read', new Outage('get'));
    await publishTally();
    expect(log.lines().filter((line) => '_aws' in line)).toMatchObject([{ MomentoUnreachable: 1 }]);
  });

  it('tells that a request failed for it', async () => {
    const log = capturedLog();
    await invoke(open(outage));
    expect(log.lines().filter((line) => '_aws' in line)).toMatchObject([{ MomentoThrottled: 1 }]);
  });

  async function admitting() {
    tally('Admissions');
    return { status: 201 };
  }

  async function admittingThenFailing(): Promise<never> {
    await admitting();
    throw new Error('oops');
  }
});

const clock = { getRemainingTimeInMillis: () => 10_000 };
const urlEvent = {
  headers: {},
  isBase64Encoded: false,
  requestContext: { http: { method: 'POST' } },
} as never;
