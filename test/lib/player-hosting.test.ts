import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlayerBuild } from '../../lib/player/player-files.ts';
import { nameIn, readStage } from '../../lib/stage.ts';
import { UsherStack } from '../../lib/usher-stack.ts';
import { resourcesOf, textsIn, theOnly } from './synthesize.ts';

const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';
const OWN_DOMAIN = { playerDomain: 'player.tv.example', playerCertificate: CERTIFICATE };

let scratch: string;
let playerBuild: PlayerBuild;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'usher-player-'));
  playerBuild = { pageDir: join(scratch, 'page'), immutableDir: join(scratch, 'immutable') };
  for (const directory of Object.values(playerBuild) as string[]) {
    mkdirSync(directory);
    writeFileSync(join(directory, 'index.html'), 'a page');
  }
});
afterAll(() => rmSync(scratch, { recursive: true }));

function stackOf(context: Readonly<Record<string, string>>, app = new App()): UsherStack {
  const settings: Readonly<Record<string, string>> = { player: 'true', ...context };
  const stage = readStage((key) => settings[key]);
  const code = () => Code.fromInline('export const handler = () => undefined;');
  return new UsherStack(app, nameIn(stage), { stage, code, playerBuild });
}

/** Throws when two resources wait for each other, which no deployment could make. */
function synthesize(context: Readonly<Record<string, string>> = {}): Template {
  return Template.fromStack(stackOf({ stageName: 'dev', heartbeatUrl: 'true', ...context }));
}

interface Intrinsic {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly string[];
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
}

/** A text of the template, with `{Name}` for what is known after the deployment only. */
function rendered(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': joined, Ref, 'Fn::GetAtt': attribute } = value as Intrinsic;
  if (Ref !== undefined) return `{${Ref}}`;
  if (attribute !== undefined) return `{${attribute.join('.')}}`;
  return joined![1].map(rendered).join('');
}

interface Distribution {
  readonly DefaultRootObject: string;
  readonly Aliases?: readonly string[];
  readonly ViewerCertificate?: object;
  readonly PriceClass: string;
  readonly DefaultCacheBehavior: { readonly ViewerProtocolPolicy: string; readonly Compress: boolean };
}

function distributionOf(template: Template): Distribution {
  return theOnly(template, 'AWS::CloudFront::Distribution')['DistributionConfig'] as Distribution;
}

describe('a stage without the player', () => {
  it('has no bucket and no distribution', () => {
    const template = synthesize({ player: 'false' });
    for (const type of ['AWS::S3::Bucket', 'AWS::CloudFront::Distribution', 'Custom::CDKBucketDeployment']) {
      expect(resourcesOf(template, type)).toEqual({});
    }
  });
});

describe('a stage with the player', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesize();
  });

  it('serves it by CloudFront alone, over TLS', () => {
    expect(theOnly(template, 'AWS::S3::Bucket')).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const { PolicyDocument } = theOnly(template, 'AWS::S3::BucketPolicy') as {
      PolicyDocument: { Statement: { Effect: string; Principal: unknown; Condition?: unknown }[] };
    };
    const readers = PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow');
    const cloudFront = readers.filter(({ Principal }) =>
      textsIn(Principal).includes('cloudfront.amazonaws.com'),
    );
    expect(cloudFront).toHaveLength(1);
    expect(JSON.stringify(cloudFront[0]!.Condition)).toMatch(/AWS:SourceArn.*distribution/);
    expect(readers.some(({ Principal }) => textsIn(Principal).includes('*'))).toBe(false);
    expect(distributionOf(template)).toMatchObject({
      DefaultRootObject: 'index.html',
      PriceClass: 'PriceClass_200',
      DefaultCacheBehavior: { ViewerProtocolPolicy: 'redirect-to-https', Compress: true },
    });
  });

  it('tells browsers what the page may load and whom it may call, and nobody else', () => {
    const { ResponseHeadersPolicyConfig } = theOnly(template, 'AWS::CloudFront::ResponseHeadersPolicy') as {
      ResponseHeadersPolicyConfig: {
        SecurityHeadersConfig: { ContentSecurityPolicy: { ContentSecurityPolicy: unknown } };
      };
    };
    const { ContentSecurityPolicy, ...others } = ResponseHeadersPolicyConfig.SecurityHeadersConfig;
    const policy = Object.fromEntries(
      rendered(ContentSecurityPolicy.ContentSecurityPolicy)
        .split('; ')
        .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1)] as const),
    );
    const [api] = Object.keys(resourcesOf(template, 'AWS::ApiGateway::RestApi'));
    expect(policy).toEqual({
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'worker-src': ["'self'"],
      'style-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'media-src': ["'self'", 'blob:'],
      'connect-src': [
        "'self'",
        `https://{${api}}.execute-api.{AWS::Region}.{AWS::URLSuffix}`,
        'https://cognito-idp.{AWS::Region}.{AWS::URLSuffix}',
        'https://*.lambda-url.{AWS::Region}.on.aws',
        'https://*.momentohq.com',
      ],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
    });
    expect(others).toMatchObject({
      StrictTransportSecurity: { AccessControlMaxAgeSec: 365 * 24 * 3600, IncludeSubdomains: true },
      ContentTypeOptions: { Override: true },
      FrameOptions: { FrameOption: 'DENY' },
      ReferrerPolicy: { ReferrerPolicy: 'no-referrer' },
    });
  });

  it('lets the page call no heartbeat URL where there is none', () => {
    const headers = theOnly(synthesize({ heartbeatUrl: 'false' }), 'AWS::CloudFront::ResponseHeadersPolicy');
    expect(JSON.stringify(headers)).not.toContain('lambda-url');
  });

  it('keeps what is named by its contents for ever, and has all else asked for anew, the page last', () => {
    const parts = resourcesOf(template, 'Custom::CDKBucketDeployment') as Readonly<
      Record<
        string,
        { readonly Properties: Readonly<Record<string, unknown>>; readonly DependsOn?: string[] }
      >
    >;
    const find = (part: string) => Object.entries(parts).find(([id]) => id.startsWith(`PlayerFiles${part}`))!;
    const [immutableId, immutable] = find('Immutable');
    const [, page] = find('Page');
    expect(immutable.Properties).toMatchObject({
      SystemMetadata: { 'cache-control': 'public, max-age=31536000, immutable' },
      Prune: false,
    });
    expect(page.Properties).toMatchObject({ SystemMetadata: { 'cache-control': 'no-cache' }, Prune: false });
    expect(page.DependsOn).toContain(immutableId);
  });

  it('writes config.json from what the deployment makes', () => {
    const parts = Object.entries(resourcesOf(template, 'Custom::CDKBucketDeployment'));
    const [, page] = parts.find(([id]) => id.startsWith('PlayerFilesPage'))!;
    const made = textsIn(page.Properties['SourceMarkers']).join(' ');
    for (const type of [
      'AWS::ApiGateway::RestApi',
      'AWS::ApiGateway::Stage',
      'AWS::Cognito::UserPool',
      'AWS::Cognito::UserPoolClient',
    ]) {
      expect(made).toContain(Object.keys(resourcesOf(template, type))[0]);
    }
  });

  it('admits the page to the API and to the heartbeat URL, and no page of anyone’s own machine', () => {
    const [distribution] = Object.keys(resourcesOf(template, 'AWS::CloudFront::Distribution'));
    const origin = `https://{${distribution}.DomainName}`;
    const url = theOnly(template, 'AWS::Lambda::Url')['Cors'] as { AllowOrigins: unknown[] };
    expect(url.AllowOrigins.map(rendered)).toEqual([origin]);
    const told = Object.values(resourcesOf(template, 'AWS::Lambda::Function'))
      .map(
        ({ Properties }) => Properties['Environment'] as { Variables: Record<string, unknown> } | undefined,
      )
      .flatMap((environment) => environment?.Variables['ALLOWED_ORIGINS'] ?? []);
    expect(new Set(told.map(rendered))).toEqual(new Set([origin]));
    const gateway = Object.values(resourcesOf(template, 'AWS::ApiGateway::GatewayResponse'));
    for (const { Properties } of gateway) expect(JSON.stringify(Properties)).toContain(distribution);
  });

  it('admits those it is told of besides, or everyone', () => {
    const originsOf = (origins: string) => {
      const url = theOnly(synthesize({ origins }), 'AWS::Lambda::Url')['Cors'] as { AllowOrigins: unknown[] };
      return url.AllowOrigins.map(rendered);
    };
    expect(originsOf('https://tv.example')).toEqual([
      'https://tv.example',
      expect.stringMatching(/^https:\/\/\{PlayerDistribution.*\.DomainName\}$/),
    ]);
    expect(originsOf('*')).toEqual(['*']);
  });

  it('has a domain of its own with nothing older than TLS 1.2, where it is given one', () => {
    const own = synthesize({ ...OWN_DOMAIN, playerPriceClass: 'all' });
    expect(distributionOf(own)).toMatchObject({
      Aliases: ['player.tv.example'],
      PriceClass: 'PriceClass_All',
      ViewerCertificate: { AcmCertificateArn: CERTIFICATE, MinimumProtocolVersion: 'TLSv1.2_2021' },
    });
    const url = theOnly(own, 'AWS::Lambda::Url')['Cors'] as { AllowOrigins: unknown[] };
    expect(url.AllowOrigins).toEqual(['https://player.tv.example']);
  });

  it.each(['dev', 'prod'])(
    'leaves no file behind when %s is taken down: all of them can be built again',
    (stageName) => {
      const [bucket] = Object.values(resourcesOf(synthesize({ stageName }), 'AWS::S3::Bucket'));
      expect(bucket).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    },
  );

  it.each([
    ['dev', {}],
    ['prod', OWN_DOMAIN],
    ['feature/ABC-123_x', {}],
  ])('passes cdk-nag as %s', (stageName, domain) => {
    const app = new App({ outdir: join(scratch, stageName.replaceAll('/', '-')) });
    stackOf({ stageName, heartbeatUrl: 'true', ...domain }, app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });
});

describe('what cannot be', () => {
  it.each([
    [{ player: 'yes' }, /player cannot be "yes".*true or false/],
    [{ playerDomain: 'player.tv.example' }, /playerCertificate is missing.*us-east-1/],
    [{ playerCertificate: CERTIFICATE }, /playerDomain is missing/],
    [{ ...OWN_DOMAIN, playerDomain: 'https://tv.example/' }, /playerDomain cannot be/],
    [
      { ...OWN_DOMAIN, playerCertificate: CERTIFICATE.replace('us-east-1', 'eu-west-1') },
      /certificate for player.tv.example in us-east-1/,
    ],
    [{ playerPriceClass: '300' }, /playerPriceClass cannot be "300".*100, 200, all/],
  ])('%j is refused, and what to pass is said', (context, message) => {
    expect(() => stackOf({ stageName: 'dev', ...context })).toThrow(message);
  });
});
