import type { Identity, Resolver } from './cloudformation/resolver.ts';
import type { CognitoStandIn } from './cognito/server.ts';

interface UserPoolsSurroundings {
  readonly resolver: Resolver;
  readonly region: string;
  readonly accountId: string;
  readonly nameOf: (logicalId: string) => string;
  /** Learns the pools' and clients' identities as they are made: a client's properties refer to its pool. */
  readonly identities: Map<string, Identity>;
}

/** Creates the template's user pools and their clients, or finds the persisted ones. */
export function createUserPools(
  { cognito }: { readonly cognito: CognitoStandIn },
  { resolver, region, accountId, nameOf, identities }: UserPoolsSurroundings,
): void {
  for (const [logicalId] of resolver.resources('AWS::Cognito::UserPool')) {
    const properties = resolver.properties(logicalId);
    const { userPoolId } = cognito.ensureUserPool({ name: nameOf(logicalId), properties });
    const provider = `cognito-idp.${region}.amazonaws.com/${userPoolId}`;
    identities.set(logicalId, {
      ref: userPoolId,
      attributes: {
        Arn: `arn:aws:cognito-idp:${region}:${accountId}:userpool/${userPoolId}`,
        ProviderName: provider,
        ProviderURL: cognito.issuer(userPoolId),
        UserPoolId: userPoolId,
      },
    });
  }
  for (const [logicalId] of resolver.resources('AWS::Cognito::UserPoolClient')) {
    const properties = resolver.properties(logicalId);
    const { clientId } = cognito.ensureUserPoolClient({
      name: nameOf(logicalId),
      userPoolId: String(properties['UserPoolId']),
      properties,
    });
    identities.set(logicalId, { ref: clientId, attributes: { ClientId: clientId } });
  }
}
