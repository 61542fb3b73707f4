'use client';

// Texts that the rule must hit, and texts that it must not, with what it did at the last check.
import { useTranslations } from 'next-intl';
import type { RuleSettings, TrialData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Field, SELECT, TextArea } from '@/app/ui/field';
import { RULE_LIMITS } from '@/core/constraints/rule';

type Example = RuleSettings['examples'][number];
/** The result of one example; `none` if the rule gave no verdict. */
export type ExampleResult = 'pass' | 'fail' | 'none';

export const resultsOf = (examples: readonly Example[], found: TrialData['examples']): ExampleResult[] =>
  examples.map(({ isHit }, at) => {
    const spans = found[at];
    if (!spans) return 'none';
    return spans.length > 0 === isHit ? 'pass' : 'fail';
  });

interface ExamplesProps {
  examples: readonly Example[];
  /** null before a check, and after a change. */
  results: readonly ExampleResult[] | null;
  /** Why there was no verdict, by example. */
  reasons: TrialData['reasons'];
  isChecking: boolean;
  onChange: (examples: Example[]) => void;
  onCheck: () => void;
}

const TONES = { pass: 'good', fail: 'bad', none: 'busy' } as const;

export function Examples({ examples, results, reasons, isChecking, onChange, onCheck }: ExamplesProps) {
  const t = useTranslations('rules');
  const replace = (at: number, changed: Example) => onChange(examples.map((own, i) => (i === at ? changed : own)));
  return (
    <fieldset className="min-w-0 space-y-3">
      <legend className="mb-1 font-medium text-sm">{t('fields.examples')}</legend>
      <p className="text-muted-foreground text-xs">{t('examplesHint')}</p>
      <ul className="space-y-3">
        {examples.map(({ text, isHit, hitId }, at) => (
          <li key={at} className="grid items-start gap-2 sm:grid-cols-[1fr_11rem_auto]">
            <TextArea
              label={t('exampleText', { number: at + 1 })}
              isLabelHidden
              rows={text.length > 80 ? 3 : 1}
              required
              maxLength={RULE_LIMITS.exampleText}
              value={text}
              onChange={(event) => replace(at, { text: event.target.value, isHit, hitId })}
            />
            <Field label={t('exampleWanted', { number: at + 1 })} isLabelHidden>
              {(control) => (
                <select
                  {...control}
                  className={SELECT}
                  value={isHit ? 'hit' : 'pass'}
                  onChange={(event) => replace(at, { text, isHit: event.target.value === 'hit', hitId })}
                >
                  <option value="hit">{t('mustHit')}</option>
                  <option value="pass">{t('mustPass')}</option>
                </select>
              )}
            </Field>
            <div className="flex min-h-10 items-center gap-2">
              <Button
                size="small"
                aria-label={t('removeExample', { number: at + 1 })}
                onClick={() => onChange(examples.filter((_, i) => i !== at))}
              >
                {t('remove')}
              </Button>
              {results?.[at] && <Badge tone={TONES[results[at]]}>{t(`results.${results[at]}`)}</Badge>}
              {reasons[at] && <span className="text-muted-foreground text-xs">{t(`noVerdict.${reasons[at]}`)}</span>}
            </div>
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap items-center gap-2">
        <Button
          size="small"
          disabled={examples.length >= RULE_LIMITS.examples}
          onClick={() => onChange([...examples, { text: '', isHit: true }])}
        >
          {t('addExample')}
        </Button>
        <Button size="small" disabled={examples.length === 0} isBusy={isChecking} onClick={onCheck}>
          {t('check')}
        </Button>
        <span role="status" className="text-muted-foreground text-sm">
          {results && t('checked', { passed: results.filter((one) => one === 'pass').length, total: results.length })}
        </span>
      </div>
    </fieldset>
  );
}
