import * as z from 'zod/mini';
import { ID } from './domain/ids.ts';

/** An id that comes from outside. */
export const id = z
  .string()
  .check(z.regex(ID, 'must be an id: letters, digits, ".", "_" and "-", at most 64'));
