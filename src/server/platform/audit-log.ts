// Keeps the audit log in journals, one a month, each entry on the disk before the change is answered.
import type { Audit } from './audit.ts';
import type { Clock } from './clock.ts';
import type { DocStore } from './docs/doc-store.ts';
import { journalKeys } from './layout.ts';

/** One line of the audit log. */
export type AuditEntry = {
  readonly at: string;
  readonly actor: string;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly action: string;
  readonly subject: string;
  readonly details: NonNullable<Parameters<Audit['record']>[3]>;
};

export function openAudit(docs: DocStore, clock: Clock): Audit {
  return {
    async record({ name, address, requestId }, action, subject, details = {}) {
      const at = clock.date().toISOString();
      const entry: AuditEntry = {
        at,
        actor: name,
        address,
        request_id: requestId,
        action,
        subject,
        details,
      };
      // What makes room on a full disk must not fail for want of room.
      const urgent = action.endsWith('.delete');
      await docs.append(journalKeys.audit(at.slice(0, 7)), [entry], { durable: true, urgent });
    },
  };
}
