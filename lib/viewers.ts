import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccountRecovery, UserPool, type UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { nameIn, type Stage } from './stage.ts';

/** The viewers: who they are (a Cognito user pool; the account is the claim `sub`), and the player's way to sign in. */
export class Viewers extends Construct {
  readonly userPool: UserPool;
  readonly webClient: UserPoolClient;

  constructor(scope: Construct, id: string, { stage }: { readonly stage: Stage }) {
    super(scope, id);
    this.userPool = new UserPool(this, 'UserPool', {
      userPoolName: nameIn(stage, 'viewers'),
      selfSignUpEnabled: true,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      autoVerify: { email: true },
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
    this.webClient = this.userPool.addClient('Web', {
      userPoolClientName: nameIn(stage, 'web'),
      authFlows: { userSrp: true },
      // A page cannot keep a secret, and signs in by SRP alone: without this Cognito would offer OAuth flows too.
      generateSecret: false,
      disableOAuth: true,
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
