'use client';

// The words for an action of the audit log; a type error where an action has none.
import { useTranslations } from 'next-intl';
import { AUDIT_ACTIONS, type AuditAction } from '@/core/audit-actions';

/** A dot in a message key would start a nested level. */
type KeyOf<Action extends string> = Action extends `${infer Head}.${infer Tail}` ? `${Head}_${KeyOf<Tail>}` : Action;
const keyOf = (action: AuditAction) => action.replaceAll('.', '_') as KeyOf<AuditAction>;

/** An action that this build does not know is shown by its code alone. */
export function useActionName(): (action: string) => string | null {
  const t = useTranslations('auditActions');
  return (action) => {
    const known = AUDIT_ACTIONS.find((name) => name === action);
    return known ? t(keyOf(known)) : null;
  };
}
