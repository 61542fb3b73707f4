'use client';

// The detail of an entry of the audit log in words: what was set, from what and to what.
import { useTranslations } from 'next-intl';
import { changesOf, sayValue } from '@/app/admin/audit/changes';
import { useFormats } from '@/app/admin/format';
import { useRuleWords } from '@/app/admin/rules/use-rule-words';
import { beginningOf } from '@/core/text/beginning';

/** Characters of a value. */
const LONGEST = 160;

/** Which names there are is up to the entry, which the compiler does not compare with the texts. */
function useName(): (key: string) => string {
  const t = useTranslations('auditDetail');
  return (key) => {
    const name = `names.${key}` as 'names.kind';
    return t.has(name) ? t(name) : key;
  };
}

/** The names of settings that were changed together. */
export function useSettingNames(): (keys: string) => string {
  const nameOf = useName();
  return (keys) => keys.split(', ').map(nameOf).join(' · ');
}

export function AuditDetail({ detail }: { detail: Record<string, unknown> }) {
  const t = useTranslations('auditDetail');
  const { metric } = useFormats();
  const nameOf = useName();
  const { label } = useRuleWords();
  const say = (value: unknown) =>
    beginningOf(
      sayValue(value, {
        none: t('none'),
        on: t('on'),
        off: t('off'),
        count: (count) => t('count', { count }),
        number: metric,
      }),
      LONGEST,
    );
  return (
    <ul className="min-w-56 space-y-0.5 text-xs [overflow-wrap:anywhere]">
      {changesOf(detail).map((change) => {
        const isOfFields = change.path.at(-1) === 'changed' && Array.isArray(change.to);
        const value =
          'from' in change
            ? t('change', { from: say(change.from), to: say(change.to) })
            : say(isOfFields ? (change.to as string[]).map(label) : change.to);
        const name = change.path.map(nameOf).join(' › ');
        return <li key={name}>{name ? t('line', { name, value }) : value}</li>;
      })}
    </ul>
  );
}
