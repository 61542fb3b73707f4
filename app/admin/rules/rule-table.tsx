'use client';

// One line a rule: what it forbids, what it does, how often it hit, what it costs in training, and its last change.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { useRuleWords } from '@/app/admin/rules/use-rule-words';
import type { RuleData } from '@/app/admin/types';
import { Cell, Table } from '@/app/ui/table';
import { isCharged } from '@/core/constraints/charged';

export function RuleTable({ rules }: { rules: readonly RuleData[] }) {
  const t = useTranslations('rules');
  const words = useRuleWords();
  const { date, decimal } = useFormats();
  const head = [t('rule'), t('kind'), t('fields.input'), t('fields.output'), t('week'), t('training'), t('changed')];
  return (
    <Table caption={t('title')} head={head}>
      {rules.map(({ id, rule, isRemoved, answers, messages, changedAt, author }) => (
        <tr key={id}>
          <Cell className="min-w-32">
            <Link className="font-medium underline" href={`/admin/rules/${id}`}>
              {rule?.name || id}
            </Link>
            {rule?.name && <span className="block text-muted-foreground text-xs">{id}</span>}
          </Cell>
          {rule ? (
            <>
              <Cell>
                {t(`kinds.${rule.kind}`)}
                {rule.audiences.length > 0 && (
                  <span className="block text-muted-foreground text-xs">
                    {t('fields.audiences')}: {rule.audiences.map((one) => words.value('audiences', one)).join(', ')}
                  </span>
                )}
              </Cell>
              <Cell>{words.value('input', rule.input)}</Cell>
              <Cell>{words.value('output', rule.output)}</Cell>
            </>
          ) : (
            <Cell colSpan={3}>
              {t('unreadable')} {!isRemoved && t('stopsAll')}
            </Cell>
          )}
          <Cell className="whitespace-nowrap tabular-nums">
            <Rate label="ofAnswers" rate={answers} />
            <Rate label="ofMessages" rate={messages} />
          </Cell>
          <Cell className="min-w-28">
            {rule &&
              (!isCharged(rule) || rule.cost === 0
                ? t('notCharged')
                : rule.target === null
                  ? t('costOnly', { cost: decimal(rule.cost) })
                  : t('costTarget', { cost: decimal(rule.cost), target: String(rule.target) }))}
          </Cell>
          <Cell className="min-w-32">
            {date(changedAt)}
            {author && <span className="block text-muted-foreground text-xs">{author}</span>}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

function Rate({ label, rate: { hits, of } }: { label: 'ofAnswers' | 'ofMessages'; rate: RuleData['answers'] }) {
  const t = useTranslations('rules');
  const { percent } = useFormats();
  return <span className="block">{t(label, { rate: of === 0 ? '–' : percent(hits / of), hits, of })}</span>;
}
