import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/**
 * Tells whoever synthesizes or deploys what a stage that keeps its data lacks. Each can be meant, so none of it is an
 * error; all of it has surprised someone on an opening night.
 */
export function warnOfProd(scope: Construct, stage: Stage): void {
  if (!stage.keepsData) return;
  const { name, ssmName, origins, mailFrom, operations, player } = stage;
  const warn = (id: string, text: string) => Annotations.of(scope).addWarningV2(`usher:${id}`, text);
  if (ssmName !== name) {
    warn(
      'shared-secrets',
      `${name} reads the secrets of ${ssmName}: pass -c ssmStageName=${name} unless that is meant.`,
    );
  }
  if (!player && origins.every((origin) => origin.startsWith('http://'))) {
    warn('no-origin', `No page but one on a developer's machine may call ${name}: pass -c origins=https://…`);
  }
  if (operations.alarmTopicArn === undefined) {
    warn('no-alarm-topic', `Nobody is told of an alarm of ${name}: pass -c alarmTopicArn=arn:aws:sns:…`);
  }
  if (mailFrom === undefined) {
    warn('no-sender', `Cognito's own mailer sends the codes of ${name}, 50 mails a day: pass -c mailFrom=…`);
  }
}
