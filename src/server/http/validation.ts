// What is said about a request whose values are not as its schema wants them: where, what was expected, what came.
import { distance } from 'fastest-levenshtein';
import { type FieldError, ServerError } from '../contract/errors.ts';

/** One finding of the schema check, as ajv reports it. */
export interface Finding {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string | undefined;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** A mistake at one place. */
export function invalidAt(path: string, detail: string): ServerError {
  return new ServerError('request.invalid', `${path}: ${detail}`, {
    errors: [{ path, code: 'request.invalid', detail }],
  });
}

const mostShown = 20;

/** @param part "body" or "query" */
export function invalidRequest(
  findings: readonly Finding[],
  part: string,
  value: unknown,
  schema: unknown,
): ServerError {
  const errors = findings
    // Of a choice, the branches' own findings say more than the choice itself.
    .filter(({ keyword }) => findings.length === 1 || keyword !== 'anyOf')
    .slice(0, mostShown)
    .map((finding) => fieldError(finding, part, value, schema as Schema));
  const [first] = errors;
  const detail = first === undefined ? 'the request is not as expected' : `${first.path}: ${first.detail}`;
  return new ServerError('request.invalid', detail, { errors });
}

function fieldError(finding: Finding, part: string, root: unknown, schema: Schema): FieldError {
  const steps = finding.instancePath.split('/').slice(1).map(unescaped);
  const here = [part, ...steps].join('.').slice(0, 300);
  const { value, schema: inner } = walk(root, schema, steps);
  const { path, detail } = describe(finding, here, value, inner);
  return { path, code: 'request.invalid', detail };
}

const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~');

function walk(root: unknown, schema: Schema | undefined, steps: readonly string[]) {
  let value = root;
  let inner = schema;
  for (const step of steps) {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    value = isObject ? (value as Record<string, unknown>)[step] : undefined;
    inner = inner?.properties?.[step] ?? inner?.items;
  }
  return { value, schema: inner };
}

function describe(
  { keyword, params, message = 'not as expected' }: Finding,
  here: string,
  value: unknown,
  schema: Schema | undefined,
): { path: string; detail: string } {
  if (keyword === 'additionalProperties') {
    const name = String(params.additionalProperty);
    return {
      path: `${here}.${name.slice(0, 80)}`,
      detail: `there is no such field${suggestion(name, Object.keys(schema?.properties ?? {}))}`,
    };
  }
  if (keyword === 'required')
    return { path: `${here}.${params.missingProperty}`, detail: 'expected a value, it is missing' };
  const expected =
    keyword === 'enum'
      ? `one of ${(params.allowedValues as unknown[]).map(String).join(', ')}`
      : keyword === 'pattern' && params.pattern === '\\S'
        ? 'more than blanks'
        : message.replace(/^must (be |have |match )?/, (_, word = '') =>
            word === 'be ' ? '' : word === 'have ' ? 'to have ' : 'to match ',
          );
  return { path: here, detail: `expected ${expected}, got ${shown(value)}` };
}

/** `; did you mean "epochs"?`, when something is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, far: distance(name.slice(0, 60).toLowerCase(), candidate) }))
    .sort((a, b) => a.far - b.far)[0];
  if (near !== undefined && near.far <= Math.max(2, name.length / 3))
    return `; did you mean ${near.candidate}?`;
  return known.length === 0 ? '' : `; there is ${known.join(', ')}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : (JSON.stringify(value) ?? '');
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/**
 * The texts of a query as the numbers and flags that its schema wants, when they are plainly such; whatever else stays as
 * it is and fails the check.
 */
export function readQuery(
  query: Readonly<Record<string, unknown>>,
  schema: unknown,
): Record<string, unknown> {
  const properties = (schema as { properties: Readonly<Record<string, { type?: string }>> }).properties;
  const read = Object.entries(query).map(([name, value]) => {
    const type = Object.hasOwn(properties, name) ? properties[name]!.type : undefined;
    return [name, typeof value === 'string' ? readText(value, type) : value];
  });
  return Object.fromEntries(read);
}

const plainNumber = /^-?\d{1,15}(\.\d{1,15})?$/;

function readText(text: string, type: string | undefined): unknown {
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if ((type === 'integer' || type === 'number') && plainNumber.test(text)) return Number(text);
  return text;
}
