import { Duration, Stack, Validations, type CfnElement } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BucketDeployment, CacheControl, Source, type ISource } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import type { PlayerHosting } from './player-hosting.ts';
import type { Stage } from '../stage.ts';

/** The built player, in two directories. */
export interface PlayerBuild {
  /** Files whose name is of their contents: of one name there is never another. */
  readonly immutableDir: string;
  /** The page, and what it loads by fixed names. */
  readonly pageDir: string;
}

/** What `/config.json` says of a deployed stage. */
export interface PlayerConfig {
  readonly apiUrl: string;
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  /** Which claim of an ID token names the account, where it is not `sub`. */
  readonly accountClaim?: string;
}

export interface PlayerFilesProps {
  readonly stage: Pick<Stage, 'logRetentionDays'>;
  readonly hosting: PlayerHosting;
  readonly build: PlayerBuild;
  readonly config: PlayerConfig;
}

/**
 * The player's files and `/config.json`. Nothing of an older build is deleted: a page that is open loads its parts for
 * as long as it stays open. The page itself comes last, so that whoever has it finds its parts. Browsers and CloudFront
 * ask anew for everything that may change, which is answered with 304; hence nothing has to be invalidated.
 */
export class PlayerFiles extends Construct {
  constructor(scope: Construct, id: string, { stage, hosting, build, config }: PlayerFilesProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', {
      retention: stage.logRetentionDays === 30 ? RetentionDays.ONE_MONTH : RetentionDays.ONE_WEEK,
    });
    const deploy = (part: string, sources: ISource[], cacheControl: CacheControl[]) =>
      new BucketDeployment(this, part, {
        destinationBucket: hosting.bucket,
        sources,
        cacheControl,
        prune: false,
        memoryLimit: 256,
        logGroup,
      });
    const immutable = deploy(
      'Immutable',
      [Source.asset(build.immutableDir)],
      [CacheControl.setPublic(), CacheControl.maxAge(Duration.days(365)), CacheControl.immutable()],
    );
    const page = deploy(
      'Page',
      [Source.asset(build.pageDir), Source.jsonData('config.json', config)],
      [CacheControl.noCache()],
    );
    page.node.addDependency(immutable);
    acknowledgeFindings(page, hosting);
  }
}

/** CDK's own function copies the files; its role and runtime are CDK's to choose, and it runs while deploying only. */
function acknowledgeFindings({ handlerRole }: BucketDeployment, { bucket }: PlayerHosting): void {
  const { scope: copier } = handlerRole.node;
  if (!copier) throw new Error('CDK’s function that copies files is not where its role is.');
  const files = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnElement);
  const assets = 'cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>';
  const findings = [
    'Action::s3:GetObject*',
    'Action::s3:GetBucket*',
    'Action::s3:List*',
    'Action::s3:DeleteObject*',
    'Action::s3:Abort*',
    `Resource::arn:<AWS::Partition>:s3:::${assets}/*`,
    `Resource::<${files}.Arn>/*`,
  ];
  Validations.of(copier).acknowledge(
    ...findings.map((finding) => ({
      id: `AwsSolutions::AwsSolutions-IAM5[${finding}]`,
      reason:
        'It copies any file of the bucket of assets into the player’s, and these two are all it may touch.',
    })),
    {
      id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      reason: 'CDK’s function for copying files: it may write its log.',
    },
    {
      id: 'AwsSolutions::AwsSolutions-L1',
      reason: 'CDK’s function for copying files runs on the Python that its AWS command line is tried with.',
    },
  );
}
