import {
  GetParametersCommand,
  GetServiceSettingCommand,
  ParameterAlreadyExists,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import type { ParameterName } from '../lib/parameters.ts';
import { answered, awsAccess } from './aws.ts';
import { Complaint } from './command.ts';
import type { StageAccess } from './stage.ts';

/** A parameter as it is in force. */
export interface Stored {
  readonly value: string;
  /** Of the value: since when it is in force. */
  readonly modifiedAtMs: number;
  readonly version: number;
}

/** The stage's parameters, with the operator's own credentials. Everything throws Complaint for what she can mend. */
export interface ParameterStore {
  /** Where everything below lies: whose account, and which region. Shows that the credentials are good. */
  whereabouts(): Promise<{ readonly account: string; readonly region: string }>;
  /** Those of the names that are there. A secret that lies there in clear is a Complaint. */
  read<Name extends ParameterName>(names: readonly Name[]): Promise<ReadonlyMap<Name, Stored>>;
  /** Never overwrites: `false` when someone has been quicker. */
  create(name: ParameterName, value: string): Promise<boolean>;
  /** Puts a value in the place of the one that was read. */
  replace(name: ParameterName, value: string, instead: Stored): Promise<void>;
}

/** Any setting of Parameter Store's does: its ARN names the account and the region of who asks. */
const SOME_SETTING = '/ssm/parameter-store/default-parameter-tier';

/** Not a secret. Everything else is encrypted. */
const IN_CLEAR: ReadonlySet<ParameterName> = new Set(['momento-endpoint']);

const typeOf = (name: ParameterName) => (IN_CLEAR.has(name) ? 'String' : 'SecureString');

/** With the final slash. `lib/parameters.ts` has the same, and the whole CDK with it. */
export function parameterFolder({ ssmName }: Pick<StageAccess, 'ssmName'>): string {
  return `/usher/${ssmName}/`;
}

export function parameterPath(stage: Pick<StageAccess, 'ssmName'>, name: ParameterName): string {
  return parameterFolder(stage) + name;
}

export function parameterStore(stage: StageAccess): ParameterStore {
  const access = awsAccess(stage.name, 'SSM');
  const ssm = new SSMClient(access);
  const pathOf = (name: ParameterName) => parameterPath(stage, name);

  return {
    async whereabouts() {
      const command = new GetServiceSettingCommand({ SettingId: SOME_SETTING });
      const { ServiceSetting } = await answered(ssm.send(command), 'use Parameter Store', access);
      const [, , , region = '', account = ''] = ServiceSetting?.ARN?.split(':') ?? [];
      return { account, region };
    },

    async read(names) {
      const command = new GetParametersCommand({ Names: names.map(pathOf), WithDecryption: true });
      const { Parameters = [] } = await answered(ssm.send(command), 'read the parameters', access);
      const byPath = new Map(Parameters.map((parameter) => [parameter.Name, parameter]));
      return new Map(
        names.flatMap((name) => {
          const found = byPath.get(pathOf(name));
          if (!found) return [];
          if (typeOf(name) === 'SecureString' && found.Type !== 'SecureString') {
            throw new Complaint(
              `${pathOf(name)} lies there in clear, as a ${found.Type}: delete it, replace what it holds by another ` +
                `secret, and put that as a SecureString.`,
            );
          }
          const { Value: value = '', LastModifiedDate, Version: version = 0 } = found;
          return [[name, { value, version, modifiedAtMs: LastModifiedDate?.getTime() ?? 0 }]];
        }),
      );
    },

    async create(name, value) {
      const put = new PutParameterCommand({ Name: pathOf(name), Value: value, Type: typeOf(name) });
      const created = ssm.send(put).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ParameterAlreadyExists) return false;
          throw error;
        },
      );
      return answered(created, `write ${pathOf(name)}`, access);
    },

    async replace(name, value, { version }) {
      const put = new PutParameterCommand({ Name: pathOf(name), Value: value, Overwrite: true });
      const { Version } = await answered(ssm.send(put), `write ${pathOf(name)}`, access);
      if (Version === version + 1) return;
      throw new Complaint(
        `${pathOf(name)} was changed by someone else at the same moment: version ${Version} is in force now, ` +
          `${version} was expected to be the last. Look at its history, and agree on who rotates.`,
      );
    },
  };
}
