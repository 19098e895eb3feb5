import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AccountsTable } from './accounts-table.ts';
import { ApiAlarms } from './operations/api-alarms.ts';
import { BoundaryAlarms } from './operations/boundary-alarms.ts';
import { CheckoutAlarms } from './operations/checkout-alarms.ts';
import { CheckoutQueue } from './checkout-queue.ts';
import { ConcurrencyAlarms } from './operations/concurrency-alarms.ts';
import { ConcurrencyFunctions } from './concurrency-functions.ts';
import { EntitlementFunctions } from './entitlement-functions.ts';
import { StageDashboard } from './operations/dashboard.ts';
import { EveryMinute } from './every-minute.ts';
import { HeartbeatUrl } from './heartbeat-url.ts';
import { MomentoAlarms } from './operations/momento-alarms.ts';
import { MomentoCache } from './momento-cache.ts';
import { PlayerFiles, type PlayerBuild } from './player/player-files.ts';
import { PlayerHosting } from './player/player-hosting.ts';
import { warnOfProd } from './prod-warnings.ts';
import { RestApi } from './rest-api.ts';
import type { Stage } from './stage.ts';
import { StripeWebhook } from './stripe-webhook.ts';
import { SupportFunctions } from './support-functions.ts';
import type { CodeOf } from './usher-function.ts';
import { Viewers } from './viewers.ts';

export interface UsherStackProps extends StackProps {
  readonly stage: Stage;
  readonly code: CodeOf;
  /** The built player; needed by a stage that serves it. */
  readonly playerBuild?: PlayerBuild;
}

/** usher, one stack per stage. Two stages share nothing but, where they are told to, SSM parameters. */
export class UsherStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { stage: settings, code, playerBuild, ...props }: UsherStackProps,
  ) {
    super(scope, id, {
      description: `usher, stage ${settings.name}: entitlements in real time`,
      terminationProtection: settings.keepsData,
      ...props,
    });
    const hosting =
      settings.player && new PlayerHosting(this, 'Player', { stage: settings, player: settings.player });
    const stage = hosting ? { ...settings, origins: admitting(settings.origins, hosting.origin) } : settings;

    const viewers = new Viewers(this, 'Viewers', { stage });
    const table = new AccountsTable(this, 'Accounts', { stage });
    const checkout = new CheckoutQueue(this, 'Checkout', {
      stage,
      consumerTimeout: EntitlementFunctions.recomputeTimeout,
    });
    const cache = new MomentoCache(this, 'Momento', { stage, code });
    const parts = { stage, code, momentoCacheName: cache.cacheName, table, checkout };
    const entitlements = new EntitlementFunctions(this, 'Entitlements', parts);
    const concurrency = new ConcurrencyFunctions(this, 'Concurrency', parts);
    const support = new SupportFunctions(this, 'Support', parts);
    // The table and the viewers too: of a prod whose first deployment fails at Momento, nothing may stay in the way.
    cache.precedes(viewers, table, entitlements, concurrency, support);

    const api = new RestApi(this, 'Rest', { stage, userPool: viewers.userPool });
    api.forAnyone('GET', '/catalog', entitlements.readCatalog, 'What is on sale is public.');
    api.forViewer('GET', '/token', entitlements.vendToken);
    api.forViewer('GET', '/entitlements', entitlements.readEntitlements);
    api.forViewer('POST', '/entitlements/recompute', entitlements.requestRecompute);
    api.forAnyone(
      'POST',
      '/checkout-events',
      entitlements.acceptCheckout,
      'The function checks the sender’s signature.',
    );
    if (stage.stripe !== 'off') {
      const { acceptStripeEvent } = new StripeWebhook(this, 'Stripe', { ...parts, mode: stage.stripe });
      const reason = 'The function checks Stripe’s signature.';
      api.forAnyone('POST', '/webhooks/stripe', acceptStripeEvent, reason);
    }
    checkout.deliverTo(entitlements.recomputeEntitlements);
    const boundaries = entitlements.announceBoundaries;
    new EveryMinute(this, 'Boundaries', { stage, name: 'announce-boundaries', target: boundaries });
    new BoundaryAlarms(this, 'BoundaryAlarms', { stage, run: boundaries });

    api.forViewer('POST', '/sessions', concurrency.startSession);
    api.forViewer('DELETE', '/sessions/{sessionId}', concurrency.endSession);
    api.forViewer('POST', '/heartbeats', concurrency.ingestHeartbeat);
    api.forViewer('GET', '/concurrency', concurrency.checkConcurrency);
    api.forAnyone(
      'GET',
      '/.well-known/jwks.json',
      concurrency.readSessionKeys,
      'Public keys are for everyone who is shown a session token.',
    );
    support.addRoutes(api);
    const { renewSession, followHeartbeatTopic } = concurrency;
    if (renewSession) {
      const { url } = new HeartbeatUrl(this, 'HeartbeatDoor', { stage, handler: renewSession });
      concurrency.startSession.addEnvironment('HEARTBEAT_URL', url);
      this.#output({ HeartbeatUrl: url });
    }
    if (followHeartbeatTopic) {
      const name = 'follow-heartbeat-topic';
      new EveryMinute(this, 'HeartbeatTopic', { stage, name, target: followHeartbeatTopic });
    }

    if (hosting) {
      hosting.mayCall(api.origin);
      if (!playerBuild) throw new Error('A stage that serves the player needs the built player.');
      new PlayerFiles(this, 'PlayerFiles', {
        stage,
        hosting,
        build: playerBuild,
        config: {
          apiUrl: api.url,
          region: this.region,
          userPoolId: viewers.userPool.userPoolId,
          userPoolClientId: viewers.webClient.userPoolClientId,
          ...(stage.accountClaim !== 'sub' && { accountClaim: stage.accountClaim }),
        },
      });
    }

    new CheckoutAlarms(this, 'Alarms', { stage, checkout, consumer: entitlements.recomputeEntitlements });
    new ConcurrencyAlarms(this, 'ConcurrencyAlarms', { stage, functions: concurrency });
    new MomentoAlarms(this, 'MomentoAlarms', { stage });
    new ApiAlarms(this, 'ApiAlarms', { stage, api, functions: busiestOf(entitlements, concurrency) });
    new StageDashboard(this, 'Dashboard', { stage, api, checkout, table });

    warnOfProd(this, stage);
    this.#output({
      StageName: stage.name,
      SsmStageName: stage.ssmName,
      Origins: stage.origins.join(','),
      Region: this.region,
      ApiUrl: api.url,
      UserPoolId: viewers.userPool.userPoolId,
      UserPoolClientId: viewers.webClient.userPoolClientId,
      AccountClaim: stage.accountClaim,
      MomentoCacheName: cache.cacheName,
      TableName: table.tableName,
      CheckoutQueueUrl: checkout.queue.queueUrl,
      DeadLetterQueueUrl: checkout.deadLetters.queueUrl,
    });
  }

  #output(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) new CfnOutput(this, name, { value });
  }
}

function busiestOf(entitlements: EntitlementFunctions, concurrency: ConcurrencyFunctions) {
  const { vendToken, readEntitlements, readCatalog, acceptCheckout, recomputeEntitlements } = entitlements;
  const { startSession, ingestHeartbeat, endSession, checkConcurrency } = concurrency;
  return [
    vendToken,
    readEntitlements,
    readCatalog,
    acceptCheckout,
    recomputeEntitlements,
    startSession,
    ingestHeartbeat,
    endSession,
    checkConcurrency,
  ];
}

/** The stage's origins and one more; who admits everyone does so still. */
function admitting(origins: readonly string[], origin: string): readonly string[] {
  return origins.includes('*') ? origins : [...origins, origin];
}
