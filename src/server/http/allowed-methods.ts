// Which methods an address takes, for requests that come with another one.
import { hasShape, namesIn } from '../contract/path-parameters.ts';
import { routes } from '../contract/routes.ts';

interface Pattern {
  readonly method: string;
  readonly parts: readonly string[];
}

const patterns: readonly Pattern[] = Object.values(routes).map(({ method, path }) => ({
  method,
  parts: path.split('/'),
}));

/** Sorted; empty when no route has this address. */
export function allowedMethods(url: string): string[] {
  const parts = url.split('?', 1)[0]!.split('/');
  const found = patterns.filter((pattern) => fits(pattern.parts, parts)).map(({ method }) => method);
  const all = found.includes('GET') ? [...found, 'HEAD', 'OPTIONS'] : [...found, 'OPTIONS'];
  return found.length === 0 ? [] : [...new Set(all)].sort();
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.length !== parts.length) return false;
  return pattern.every((piece, i) => {
    const [name] = namesIn(piece);
    return name === undefined ? piece === parts[i] : hasShape(name, parts[i]!);
  });
}

/** Every method that some route takes. */
export const knownMethods: readonly string[] = [
  ...new Set([...patterns.map(({ method }) => method), 'HEAD', 'OPTIONS']),
].sort();
