// What the server says when it refuses: the code for programs, the message for people.
import type { Problem } from '../server/contract/problem.ts';

export class ApiError extends Error {
  readonly status: number;
  /** Of the server's error table, such as "project.not_found"; "unknown" when the answer was none of the server's. */
  readonly code: string;
  readonly requestId: string | null;
  /** One for each mistake in the request. */
  readonly errors: NonNullable<Problem['errors']>;
  /** When to try again, for 429 and 503. */
  readonly retryAfterSeconds: number | null;
  /** The whole body, with further members such as the verdicts of an upload. */
  readonly body: unknown;

  constructor(status: number, body: unknown, retryAfter: string | null) {
    const problem = isProblem(body) ? body : null;
    super(problem?.detail ?? `the server answered ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem?.code ?? 'unknown';
    this.requestId = problem?.requestId ?? null;
    this.errors = problem?.errors ?? [];
    this.retryAfterSeconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
    this.body = body;
  }
}

export async function apiError(response: Response): Promise<ApiError> {
  const text = await response.text();
  return new ApiError(response.status, parsed(text), response.headers.get('retry-after'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}
