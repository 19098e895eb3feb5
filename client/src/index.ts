export type { Access, Entitlement, Snapshot } from '../../shared/domain/entitlements.ts';
export type { Catalog, Content, DeviceType, Product } from '../../shared/domain/catalog.ts';
export { decideAccess, type AccessDecision, type Circumstances } from '../../shared/domain/access.ts';
export type { EndReason } from '../../shared/domain/sessions.ts';
export type { ConnectionState } from './entitlements/follow-entitlements.ts';
export { Refusal, SignInNeeded } from './service/problems.ts';
export type { Conflict, SessionEnd, Streams } from './service/session-answers.ts';
export { createUsher, type Entitlements, type Usher, type UsherEvents, type UsherOptions } from './usher.ts';
