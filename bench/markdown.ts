import type { Summary } from './statistics.ts';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A row under the heads p50, p99, min and max, in milliseconds. */
export function summaryRow(what: string, { p50, p99, min, max }: Summary): readonly string[] {
  return [what, ms(p50), ms(p99), ms(min), ms(max)];
}

export function ms(value: number): string {
  return value.toFixed(1);
}

export function kb(bytes: number): string {
  return Math.round(bytes / 1000).toString();
}
