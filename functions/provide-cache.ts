import { setTimeout as sleep } from 'node:timers/promises';
import { setting } from '../shared/env.ts';
import { Unavailable } from '../shared/errors.ts';
import { CannotProvide, customResource, type CustomResource } from '../shared/lambda/custom-resource.ts';
import { noteMissing } from '../shared/lambda/log.ts';
import { momentoSecrets } from '../shared/lambda/momento-secrets.ts';
import { momentoCacheControl } from '../shared/momento/cache-control.ts';
import { KeyRefused } from '../shared/momento/errors.ts';
import type { CacheControl } from '../shared/ports.ts';

interface World {
  readonly caches: CacheControl;
  /** Where the key and the endpoint lie, for whoever has to put them right. */
  readonly parameters: { readonly key: string; readonly endpoint: string };
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly warn: (message: string, reason: unknown) => void;
}

/**
 * What does not answer is asked again for so long. A role that was made a moment ago is not known everywhere in AWS
 * for some seconds, so the very first request of a stack may be denied its parameters. Within the function's 60 s,
 * with time for the last try and for the answer.
 */
const PATIENCE_MS = 20_000;
const WAIT_MS = { first: 500, longest: 4000 };

/** A creation that failed may have made a cache or not. */
const HALF_MADE = 'half-made:';

/**
 * The stage's Momento cache as a resource of its stack; its id is its name. A cache of that name which is there
 * already is taken over: a retained one, or one that an interrupted creation made.
 */
export function provideCache({ caches, parameters, now, sleep: pause, warn }: World): CustomResource {
  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    const untilMs = now() + PATIENCE_MS;
    for (let waitMs = WAIT_MS.first; ; waitMs = Math.min(2 * waitMs, WAIT_MS.longest)) {
      try {
        return await work();
      } catch (error) {
        const mayPass = error instanceof Unavailable && !(error instanceof KeyRefused);
        if (!mayPass || now() + waitMs > untilMs) throw explained(error);
        await pause(waitMs);
      }
    }
  }

  function explained(error: unknown): unknown {
    const { key, endpoint } = parameters;
    if (error instanceof KeyRefused) {
      return new CannotProvide(`Momento refuses the key in ${key}: put a valid super user key there`);
    }
    if (!(error instanceof Unavailable)) return error;
    return new CannotProvide(
      `${error.message}. See that ${key} and ${endpoint} are in Parameter Store, that the second is the host of ` +
        `your Momento account, and that Momento and Parameter Store are up; then try again`,
      { cause: error },
    );
  }

  const notPermitted = () =>
    new CannotProvide(
      `Momento does not let the key in ${parameters.key} make and remove caches: put a super user key there`,
    );

  return {
    async make(properties) {
      const name = nameIn(properties);
      if (name === undefined) throw new CannotProvide('The property CacheName is missing');
      const answer = await patiently(() => caches.make(name));
      if (answer.made) return name;
      throw answer.reason === 'quota' ? overQuota(name, answer.caches) : notPermitted();
    },

    idOfHalfMade: (properties) => HALF_MADE + (nameIn(properties) ?? ''),

    async remove(id) {
      if (!id.startsWith(HALF_MADE)) {
        const answer = await patiently(() => caches.remove(id));
        if (!answer.gone) throw notPermitted();
        return;
      }
      const name = id.slice(HALF_MADE.length);
      // A stack that could not be made has to be able to go, whatever was the matter: what may be left is taken over
      // by the next that is made for the stage.
      if (name === '') return;
      try {
        if (!(await caches.remove(name)).gone) throw notPermitted();
      } catch (error) {
        warn(`the cache ${name} may be left behind`, error);
      }
    },
  };
}

function nameIn({ CacheName }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof CacheName === 'string' && CacheName !== '' ? CacheName : undefined;
}

function overQuota(name: string, caches: readonly string[]): CannotProvide {
  const found = caches.length > 0 ? ` It has ${caches.length}: ${caches.toSorted().join(', ')}` : '';
  return new CannotProvide(
    `The Momento account has as many caches as Momento allows (3 by default), so ${name} cannot be made: delete one ` +
      `that is not needed or ask Momento for more, then try again.${found}`,
  );
}

const keyParameter = 'MOMENTO_SUPER_KEY_PARAMETER';

export const handler = customResource(
  provideCache({
    caches: momentoCacheControl(momentoSecrets(keyParameter)),
    parameters: { key: setting(keyParameter), endpoint: setting('MOMENTO_ENDPOINT_PARAMETER') },
    now: Date.now,
    sleep,
    warn: noteMissing,
  }),
);
