import {
  ChangeMessageVisibilityCommand,
  SendMessageCommand,
  type ChangeMessageVisibilityCommandInput,
  type SendMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** An SQS client that keeps what it is asked to do, and fails on request. */
export interface FakeSqs extends Pick<SQSClient, 'send'> {
  readonly sent: readonly SendMessageCommandInput[];
  readonly hidden: readonly ChangeMessageVisibilityCommandInput[];
  /** From now on no call is answered. */
  block(): void;
}

export function fakeSqs(): FakeSqs {
  const sent: SendMessageCommandInput[] = [];
  const hidden: ChangeMessageVisibilityCommandInput[] = [];
  let blocked = false;

  async function send(command: unknown): Promise<object> {
    if (blocked) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    if (command instanceof SendMessageCommand) sent.push(command.input);
    else if (command instanceof ChangeMessageVisibilityCommand) hidden.push(command.input);
    else throw new Error('this SQS knows SendMessage and ChangeMessageVisibility only');
    return {};
  }

  return { sent, hidden, send: send as SQSClient['send'], block: () => void (blocked = true) };
}
