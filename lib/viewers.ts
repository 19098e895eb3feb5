import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  AccountRecovery,
  ClientAttributes,
  StringAttribute,
  UserPool,
  type CfnUserPool,
  type UserPoolClient,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { customAttributeOf } from './account-claim.ts';
import { nameIn, type Stage } from './stage.ts';

/** The viewers: who they are (a Cognito user pool), which account is theirs, and the player's way to sign in. */
export class Viewers extends Construct {
  readonly userPool: UserPool;
  readonly webClient: UserPoolClient;

  constructor(scope: Construct, id: string, { stage }: { readonly stage: Stage }) {
    super(scope, id);
    const account = customAttributeOf(stage.accountClaim);
    this.userPool = new UserPool(this, 'UserPool', {
      userPoolName: nameIn(stage, 'viewers'),
      selfSignUpEnabled: stage.signUp === 'open',
      signInAliases: { email: true },
      signInCaseSensitive: false,
      autoVerify: { email: true },
      // Who assigns accounts can change one. No limits of its length: a pool's attribute stays for ever as it was made.
      ...(account !== undefined && {
        customAttributes: { [account]: new StringAttribute({ mutable: true }) },
      }),
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 8,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      deletionProtection: stage.keepsData,
    });
    if (stage.mailFrom !== undefined) {
      const pool = this.userPool.node.defaultChild as CfnUserPool;
      pool.emailConfiguration = sentBySes(Stack.of(this), stage.mailFrom);
    }
    this.webClient = this.userPool.addClient('Web', {
      userPoolClientName: nameIn(stage, 'web'),
      authFlows: { userSrp: true },
      // A page cannot keep a secret, and signs in by SRP alone: without this Cognito would offer OAuth flows too.
      generateSecret: false,
      disableOAuth: true,
      // Whoever could write the account could enter any. Cognito puts into ID tokens what the client may read.
      writeAttributes: new ClientAttributes().withStandardAttributes({ email: true }),
      readAttributes: new ClientAttributes()
        .withStandardAttributes({ email: true, emailVerified: true })
        .withCustomAttributes(...(account === undefined ? [] : [account])),
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      idTokenValidity: Duration.hours(1),
      accessTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(30),
    });
    Validations.of(this.userPool).acknowledge(
      {
        id: 'AwsSolutions::AwsSolutions-COG2',
        reason:
          'A second factor keeps viewers from their television; a token opens one account and grants nothing.',
      },
      {
        id: 'AwsSolutions::AwsSolutions-COG8',
        reason: 'Threat protection needs the Plus plan, billed per viewer: a choice for who runs the stage.',
      },
    );
  }
}

/** CDK's own way wants to know the region, which this app leaves to whoever deploys it. */
function sentBySes(stack: Stack, from: string): CfnUserPool.EmailConfigurationProperty {
  const resourceName = from.slice(from.indexOf('@') + 1);
  const sourceArn = stack.formatArn({ service: 'ses', resource: 'identity', resourceName });
  return { emailSendingAccount: 'DEVELOPER', from, sourceArn };
}
