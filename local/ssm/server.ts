/** A stand-in for AWS Systems Manager Parameter Store. What it supports and refuses: README.md beside this file. */
import { startAwsJson } from '../aws-json.ts';
import { operations } from './operations.ts';
import { latest, openParameters } from './parameters.ts';

export interface SsmStandIn {
  readonly url: string;
  /** The newest value in clear, for whoever runs the stand-in. */
  get(name: string): string | undefined;
  /** Creates the parameter or adds a version. Throws where PutParameter would refuse. */
  put(parameter: { name: string; value: string; type: 'String' | 'SecureString' }): void;
  /** From now on every call's connection is cut without an answer, as when the service cannot be reached. */
  block(): void;
  unblock(): void;
  /** How many calls have arrived, those cut off included. */
  readonly calls: number;
  stop(): Promise<void>;
}

/** Starts on 127.0.0.1. With `file` (mode 0600) the parameters outlive the process. */
export async function startSsm(options: {
  port?: number;
  region: string;
  file?: string;
}): Promise<SsmStandIn> {
  const parameters = openParameters({ file: options.file, now: Date.now });
  let calls = 0;
  let blocked = false;
  const server = await startAwsJson({
    port: options.port ?? 0,
    service: 'ssm',
    region: options.region,
    target: 'AmazonSSM',
    invalid: 'ValidationException',
    operations: operations({ parameters, region: options.region }),
    reachable: () => {
      calls += 1;
      return !blocked;
    },
  });
  return {
    url: server.url,
    get: (name) => {
      const parameter = parameters.get(name);
      return parameter && latest(parameter).value;
    },
    put: ({ name, value, type }) => {
      parameters.put({ name, value, type, overwrite: true });
    },
    block: () => {
      blocked = true;
    },
    unblock: () => {
      blocked = false;
    },
    get calls() {
      return calls;
    },
    stop: () => server.stop(),
  };
}
