import { Construct } from 'constructs';
import {
  MEMORY_MB,
  MOMENTO_DATA,
  ROUTE_SECONDS,
  settingsOf,
  type FunctionsProps,
} from './function-settings.ts';
import type { RestApi } from './rest-api.ts';
import { UsherFunction } from './usher-function.ts';

/**
 * What the service's own people do with an account. Who of them may do what is said by IAM, route by route
 * (docs/support.md); each function may do what its routes need, and writes down who called it.
 */
export class SupportFunctions extends Construct {
  readonly lookUpAccount: UsherFunction;
  readonly changeAccount: UsherFunction;
  readonly eraseAccount: UsherFunction;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { stage, code, table, checkout } = props;
    const { route, cache, accounts, queue } = settingsOf(props);
    const common = { stage, code, timeoutSeconds: ROUTE_SECONDS, audited: true };
    const lease = { LEASE_SECONDS: String(stage.leaseSeconds) };

    this.lookUpAccount = new UsherFunction(this, 'LookUpAccount', {
      ...common,
      name: 'look-up-account',
      description: 'GET /support/accounts/{accountId} and its export: what is stored of an account.',
      memoryMb: MEMORY_MB.withMomento,
      parameters: MOMENTO_DATA,
      environment: { ...route, ...cache, ...accounts, ...lease },
    });
    this.lookUpAccount.mayRead(table);

    this.changeAccount = new UsherFunction(this, 'ChangeAccount', {
      ...common,
      name: 'change-account',
      description: 'Support ends a session, grants or revokes a promotion.',
      memoryMb: MEMORY_MB.withMomento,
      parameters: MOMENTO_DATA,
      environment: { ...route, ...cache, ...accounts, ...queue, ...lease },
    });
    this.changeAccount.may(table, 'dynamodb:Query');
    this.changeAccount.maySend(checkout.queue);

    this.eraseAccount = new UsherFunction(this, 'EraseAccount', {
      ...common,
      name: 'erase-account',
      description: 'DELETE /support/accounts/{accountId}: has everything of an account forgotten.',
      memoryMb: MEMORY_MB.withAws,
      environment: { ...route, ...accounts, ...queue },
    });
    this.eraseAccount.may(table, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    this.eraseAccount.maySend(checkout.queue);
  }

  addRoutes(api: RestApi): void {
    const account = '/support/accounts/{accountId}';
    api.forSupport('GET', account, this.lookUpAccount);
    api.forSupport('GET', `${account}/export`, this.lookUpAccount);
    api.forSupport('DELETE', `${account}/sessions/{sessionId}`, this.changeAccount);
    api.forSupport('PUT', `${account}/promotions/{promotionId}`, this.changeAccount);
    api.forSupport('DELETE', `${account}/promotions/{promotionId}`, this.changeAccount);
    api.forSupport('DELETE', account, this.eraseAccount);
  }
}
