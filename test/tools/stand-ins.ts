import { afterAll, beforeAll, vi } from 'vitest';
import { startMomento, type MomentoStandIn } from '../../local/momento/server.ts';
import { startSsm, type SsmStandIn } from '../../local/ssm/server.ts';

const region = 'eu-west-1';

export interface StandIns {
  readonly ssm: SsmStandIn;
  readonly momento: MomentoStandIn;
}

/** Parameter Store and Momento for the tests of a file, found as AWS is: by the operator's own environment. */
export function standIns(): StandIns {
  let started: StandIns;
  beforeAll(async () => {
    started = { ssm: await startSsm({ region }), momento: await startMomento() };
    vi.stubEnv('AWS_REGION', region);
    vi.stubEnv('AWS_ENDPOINT_URL_SSM', started.ssm.url);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await started?.momento.stop();
    await started?.ssm.stop();
  });
  return {
    get ssm() {
      return started.ssm;
    },
    get momento() {
      return started.momento;
    },
  };
}
