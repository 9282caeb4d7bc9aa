// The audit log: who changed what, when, from where. One journal a month.
import type { Json } from './docs/doc-store.ts';

/** Who does something. */
export interface Actor {
  /** Name of the API key, "local" without keys, "system" for the server itself. */
  readonly name: string;
  readonly address: string | null;
  readonly requestId: string | null;
}

export interface Audit {
  /** Durable before the change is answered. `action` e.g. "image.delete", `subject` e.g. "projects/p-1/raw/0f.png". */
  record(
    actor: Actor,
    action: string,
    subject: string,
    details?: { readonly [name: string]: Json },
  ): Promise<void>;
}
