import { expect, test } from 'vitest';
import { sqsDeadLetters } from '../../../shared/aws/dead-letters.ts';
import { fakeSqs } from '../../support/fake-sqs.ts';

/** What SQS takes: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const TAKEN = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd]*$/;

test('what is put aside may hold any characters, also those that SQS refuses', async () => {
  const sqs = fakeSqs();
  const report = { id: 'evt_\uffff\ufffe\u007f\u0000\ud800', name: '\u{1f600} \u00e9' };
  const message = { kind: 'payment', provider: 'stripe', report, catalogVersion: '1' } as const;
  await sqsDeadLetters('http://127.0.0.1:9/dead', sqs).put(message, `no \uffff \u{1f600}`);
  const [{ MessageBody = '', MessageAttributes } = {}] = sqs.sent;
  expect(MessageBody).toMatch(TAKEN);
  expect(JSON.parse(MessageBody)).toEqual(message);
  expect(MessageAttributes?.['reason']?.StringValue).toMatch(TAKEN);
});
