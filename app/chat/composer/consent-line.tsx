'use client';

// Says below the composer whether this chat may train the model, with the switch that changes it.
import { useTranslations } from 'next-intl';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Switch } from '@/app/ui/switch';

interface ConsentLineProps {
  isOn: boolean;
  /** A change is being saved; until it is, the switch shows the old state. */
  isSaving: boolean;
  error: unknown;
  onChange: (isOn: boolean) => void;
}

export function ConsentLine({ isOn, isSaving, error, onChange }: ConsentLineProps) {
  const t = useTranslations('consent');
  const sentenceOf = useErrorSentence();
  return (
    <div className="mt-2 flex flex-wrap items-center justify-center gap-x-4 gap-y-1 text-muted-foreground text-xs">
      <Switch label={t(isOn ? 'on' : 'off')} isOn={isOn} onChange={(next) => !isSaving && onChange(next)} />
      {error ? (
        <p role="alert" className="text-danger">
          {t('notSaved')} {sentenceOf(error)}
        </p>
      ) : null}
    </div>
  );
}
