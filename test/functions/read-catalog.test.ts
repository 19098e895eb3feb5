import { expect, it } from 'vitest';
import { handler, readCatalog } from '../../functions/read-catalog.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import { invoke } from '../support/lambda-events.ts';

it('anyone may read what is sold and what is watched, and keep it for a minute', async () => {
  const { catalogVersion, products, contents } = loadCatalog();
  const { statusCode, headers, body } = await invoke(handler, { resource: '/catalog' });
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'Cache-Control': 'public, max-age=60' });
  expect(JSON.parse(body)).toEqual({ catalogVersion, products, contents });
});

it('the catalogue is given as it is in force', async () => {
  const catalog = { ...loadCatalog(), catalogVersion: '2027-01-01.1' };
  expect((await readCatalog({ catalog })()).body).toMatchObject({ catalogVersion: '2027-01-01.1' });
});
