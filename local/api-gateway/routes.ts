/** A request's path cut at its slashes: `/sessions/s1` → `sessions`, `s1`; `/` → nothing. */
export function segmentsOf(path: string): readonly string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

export interface Match<Route> {
  readonly route: Route;
  /** As they stand in the path: API Gateway hands on what is percent-encoded. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * The route for a method and a path. A literal segment goes before `{name}`, and that before `{name+}`, which takes
 * the rest; the method itself goes before `ANY`.
 */
export function findRoute<Route extends { readonly method: string; readonly resourcePath: string }>(
  routes: readonly Route[],
  method: string,
  path: string,
): Match<Route> | undefined {
  const segments = segmentsOf(path);
  const fitting = routes
    .filter((route) => route.method === method || route.method === 'ANY')
    .map((route) => ({ route, pathParameters: fit(segmentsOf(route.resourcePath), segments) }))
    .filter((match): match is Match<Route> => match.pathParameters !== undefined)
    .toSorted((a, b) => (rank(a.route) < rank(b.route) ? -1 : 1));
  return fitting[0];
}

function fit(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index];
    const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(part) ?? [];
    if (segment === undefined || segment === '') return undefined;
    if (name === undefined) {
      if (part !== segment) return undefined;
    } else if (greedy) {
      return { ...parameters, [name]: segments.slice(index).join('/') };
    } else {
      parameters[name] = segment;
    }
  }
  return pattern.length === segments.length ? parameters : undefined;
}

/** Sorts alphabetically as API Gateway prefers: `0` literal, `1` parameter, `2` the rest; then `ANY` last. */
function rank({ method, resourcePath }: { readonly method: string; readonly resourcePath: string }): string {
  const segments = segmentsOf(resourcePath).map((part) =>
    part.endsWith('+}') ? '2' : part.startsWith('{') ? '1' : '0',
  );
  return `${segments.join('')}${method === 'ANY' ? 'b' : 'a'}`;
}
