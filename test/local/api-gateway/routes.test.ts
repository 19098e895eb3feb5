import { expect, test } from 'vitest';
import { findRoute } from '../../../local/api-gateway/routes.ts';

const routes = [
  { method: 'GET', resourcePath: '/' },
  { method: 'GET', resourcePath: '/files/{path+}' },
  { method: 'ANY', resourcePath: '/sessions/{id}' },
  { method: 'DELETE', resourcePath: '/sessions/{id}' },
  { method: 'GET', resourcePath: '/sessions/mine' },
  { method: 'GET', resourcePath: '/sessions/{id}/beats/{beat}' },
];

test.each([
  ['GET', '/', '/', {}],
  ['DELETE', '/sessions/s1', '/sessions/{id}', { id: 's1' }],
  ['GET', '/sessions/a%2Fb', '/sessions/{id}', { id: 'a%2Fb' }],
  ['GET', '/sessions/mine', '/sessions/mine', {}],
  ['GET', '/sessions/s1/beats/7', '/sessions/{id}/beats/{beat}', { id: 's1', beat: '7' }],
  ['GET', '/files/a/b/c', '/files/{path+}', { path: 'a/b/c' }],
])('finds %s %s', (method, path, resourcePath, pathParameters) => {
  expect(findRoute(routes, method, path)).toMatchObject({ route: { resourcePath }, pathParameters });
});

test('prefers a route for the method to one for any', () => {
  expect(findRoute(routes, 'DELETE', '/sessions/s1')?.route.method).toBe('DELETE');
  expect(findRoute(routes, 'PUT', '/sessions/s1')?.route.method).toBe('ANY');
});

test.each([
  ['POST', '/'],
  ['GET', '/sessions'],
  ['DELETE', '/sessions/'],
  ['DELETE', '/sessions/s1/'],
  ['GET', '/files'],
  ['GET', '/Sessions/mine'],
])('finds nothing for %s %s', (method, path) => {
  expect(findRoute(routes, method, path)).toBeUndefined();
});
