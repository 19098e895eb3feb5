import { flag, oneOf, refuse, text, type Context } from '../context-values.ts';

/** How the demo player is served, where a stage has it. */
export interface PlayerSettings {
  /** A host name of one's own; without it CloudFront's (`d….cloudfront.net`) is the player's. */
  readonly domain: PlayerDomain | undefined;
  /** From which of CloudFront's price classes it is served; those of the class are nearest and cheapest. */
  readonly priceClass: PlayerPriceClass;
}

export interface PlayerDomain {
  readonly name: string;
  /** Of AWS Certificate Manager in us-east-1, where CloudFront looks. */
  readonly certificateArn: string;
}

export type PlayerPriceClass = (typeof PRICE_CLASSES)[number];

/** https://aws.amazon.com/cloudfront/pricing: 100 has America and Europe, 200 also Japan and most of Asia. */
const PRICE_CLASSES = ['100', '200', 'all'] as const;
const HOST = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const CERTIFICATE = /^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/[0-9a-f-]{36}$/;

/** `undefined` where the stage has no player. @throws Error that says what to pass instead. */
export function readPlayer(context: Context): PlayerSettings | undefined {
  if (!flag(context, 'player')) return undefined;
  return {
    domain: readDomain(text(context, 'playerDomain'), text(context, 'playerCertificate')),
    priceClass: oneOf(context, 'playerPriceClass', PRICE_CLASSES, '200'),
  };
}

function readDomain(name: string | undefined, certificateArn: string | undefined): PlayerDomain | undefined {
  if (name === undefined && certificateArn === undefined) return undefined;
  if (name === undefined || !HOST.test(name)) {
    return refuse('playerDomain', name, 'a host name in small letters, such as player.tv.example');
  }
  if (certificateArn === undefined || !CERTIFICATE.test(certificateArn)) {
    return refuse('playerCertificate', certificateArn, `the ARN of a certificate for ${name} in us-east-1`);
  }
  return { name, certificateArn };
}
