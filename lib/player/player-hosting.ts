import { CfnOutput, Duration, Lazy, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  CachePolicy,
  Distribution,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  PriceClass,
  ResponseHeadersPolicy,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { contentSecurityPolicy } from './player-csp.ts';
import type { PlayerPriceClass, PlayerSettings } from './player-settings.ts';
import { nameIn, type Stage } from '../stage.ts';

export interface PlayerHostingProps {
  readonly stage: Stage;
  readonly player: PlayerSettings;
}

const PRICE_CLASSES: Readonly<Record<PlayerPriceClass, PriceClass>> = {
  '100': PriceClass.PRICE_CLASS_100,
  '200': PriceClass.PRICE_CLASS_200,
  all: PriceClass.PRICE_CLASS_ALL,
};

/**
 * Where the demo player is served: CloudFront before a bucket that nobody else may read. It is made before the API,
 * which admits its origin; whom the page may call is told afterwards by {@link PlayerHosting.mayCall}, and what it is
 * made of comes by `PlayerFiles` (docs/decisions/0014).
 */
export class PlayerHosting extends Construct {
  /** As a browser says it in `Origin`: without a final slash. */
  readonly origin: string;
  readonly bucket: IBucket;
  #api: string | undefined;

  constructor(scope: Construct, id: string, { stage, player: { domain, priceClass } }: PlayerHostingProps) {
    super(scope, id);
    // No name of its own: bucket names are one space of all accounts. Never kept: a deployment fills it again.
    this.bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
    }) as IBucket; // which it implements, but for what exactOptionalPropertyTypes minds
    const distribution = new Distribution(this, 'Distribution', {
      comment: nameIn(stage, 'player'),
      defaultRootObject: 'index.html',
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PRICE_CLASSES[priceClass],
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(this.bucket, {
          originAccessControl: new S3OriginAccessControl(this, 'Access', {
            originAccessControlName: this.#name(stage),
          }),
        }),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED, // gzip and Brotli; how long, each file's Cache-Control says
        compress: true,
        responseHeadersPolicy: this.#headers(stage),
      },
      ...(domain && {
        domainNames: [domain.name],
        certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
        minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      }),
    });
    this.origin = `https://${domain?.name ?? distribution.distributionDomainName}`;
    new CfnOutput(Stack.of(this), 'PlayerUrl', { value: this.origin });
    if (domain) {
      // Whoever owns the domain points its name here.
      new CfnOutput(Stack.of(this), 'PlayerDomainTarget', { value: distribution.distributionDomainName });
    }
    acknowledgeFindings(this.bucket, distribution, domain !== undefined);
  }

  /** @param api the origin that the page may send requests to */
  mayCall(api: string): void {
    this.#api = api;
  }

  /** What CloudFront names is the account's, and a stage may stand in two regions. */
  #name(stage: Stage): string {
    return `${nameIn(stage, 'player')}-${Stack.of(this).region}`;
  }

  #headers(stage: Stage): ResponseHeadersPolicy {
    const policy = () => {
      if (this.#api === undefined) throw new Error('Nobody has said which API the player may call.');
      return contentSecurityPolicy({
        stack: Stack.of(this),
        api: this.#api,
        heartbeatUrl: stage.heartbeatUrl,
      });
    };
    return new ResponseHeadersPolicy(this, 'Headers', {
      responseHeadersPolicyName: this.#name(stage),
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy: Lazy.string({ produce: policy }), override: true },
        strictTransportSecurity: {
          accessControlMaxAge: Duration.days(365),
          includeSubdomains: true,
          override: true,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
      },
      customHeadersBehavior: {
        customHeaders: [
          { header: 'Cross-Origin-Opener-Policy', value: 'same-origin', override: true },
          {
            header: 'Permissions-Policy',
            value: 'camera=(), geolocation=(), microphone=(), payment=()',
            override: true,
          },
        ],
      },
    });
  }
}

function acknowledgeFindings(bucket: IBucket, distribution: Distribution, hasDomain: boolean): void {
  const logs =
    'Files that are the same for everyone: a log of who fetched them holds viewers’ addresses and tells no more than the API’s.';
  Validations.of(bucket).acknowledge({ id: 'AwsSolutions::AwsSolutions-S1', reason: logs });
  Validations.of(distribution).acknowledge(
    { id: 'AwsSolutions::AwsSolutions-CFR3', reason: logs },
    {
      id: 'AwsSolutions::AwsSolutions-CFR1',
      reason: 'Where a title may be watched is decided by the API, title by title; the page is for everyone.',
    },
    {
      id: 'AwsSolutions::AwsSolutions-CFR2',
      reason:
        'Nothing but static files stands behind it: there is nothing to inject into, and no web ACL to pay.',
    },
  );
  if (hasDomain) return;
  Validations.of(distribution).acknowledge({
    id: 'AwsSolutions::AwsSolutions-CFR4',
    reason: 'CloudFront’s own certificate admits old TLS; with playerDomain it is TLS 1.2 and newer alone.',
  });
}
