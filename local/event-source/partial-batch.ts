/**
 * Which messages of a batch failed, by a function's answer to it with `ReportBatchItemFailures` on. Lambda's rules
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html): nothing listed is success, and an
 * entry that names no message of this batch makes the whole batch fail.
 */
export function failedMessages(messageIds: readonly string[], answer: unknown): ReadonlySet<string> {
  if (answer === null || answer === undefined) return new Set();
  if (typeof answer !== 'object') return new Set(messageIds);
  const { batchItemFailures: failures } = answer as { batchItemFailures?: unknown };
  if (failures === null || failures === undefined) return new Set();
  if (!Array.isArray(failures)) return new Set(messageIds);

  const named = failures.map(
    (failure) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier as string,
  );
  return new Set(named.every((id) => messageIds.includes(id)) ? named : messageIds);
}
