import type { Instant } from '../domain/instants.ts';
import type { SlotsRead } from '../ports.ts';
import { sessionsIn } from './account-view.ts';

/** Raised when a reader of an earlier export would misread a later one; new members and items do not raise it. */
const FORMAT_VERSION = 1;

interface Found {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly cached: SlotsRead;
}

/**
 * Everything that is stored about an account, as one document. The table's items are told as they are, whatever kinds
 * of them there will be, so that nothing is forgotten; texts that hold JSON are opened for whoever reads it.
 */
export function exportOf(accountId: string, { items, cached }: Found, exportedAt: Instant) {
  return {
    format: 'usher-account',
    formatVersion: FORMAT_VERSION,
    accountId,
    exportedAt,
    table: items.map(({ pk: _pk, sk, ...item }) => ({ item: sk, ...opened(item) })),
    cache: { snapshot: cached.snapshot ?? null, sessions: sessionsIn(cached) },
  };
}

/** A session's nonce, a random number, says nothing of anybody. */
const PASSED_OVER = new Set(['nonce']);

function opened(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const members = Object.entries(value).filter(([name]) => !PASSED_OVER.has(name));
  return Object.fromEntries(members.map(([name, member]) => [name, openedMember(member)]));
}

function openedMember(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openedMember);
  if (typeof value === 'object' && value !== null) return opened(value as Record<string, unknown>);
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return openedMember(JSON.parse(value));
  } catch {
    return value;
  }
}
