/** `22/Nov/2026:10:00:00 +0000`, as API Gateway and Lambda write when a request came. */
export function commonLogTime(ms: number): string {
  const [, day, month, year, time] = new Date(ms).toUTCString().split(/,? /);
  return `${day}/${month}/${year}:${time} +0000`;
}
