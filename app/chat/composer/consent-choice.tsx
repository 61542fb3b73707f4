'use client';

// Asks once, before the first message, whether messages and ratings may train the model.
import { GraduationCap } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useId } from 'react';
import { Button } from '@/app/ui/button';

interface ConsentChoiceProps {
  /** A rule sends texts to another server. */
  isCheckedOutside: boolean;
  onChoose: (allowTraining: boolean) => void;
}

export function ConsentChoice({ isCheckedOutside, onChoose }: ConsentChoiceProps) {
  const t = useTranslations('consent');
  const id = useId();
  return (
    <section aria-labelledby={id} className="mb-3 rounded-2xl border border-primary bg-primary-soft p-4 sm:p-5">
      <h2 id={id} className="flex items-start gap-2.5 font-semibold text-sm">
        <GraduationCap aria-hidden className="mt-px size-5 shrink-0 text-primary-strong" />
        {t('question')}
      </h2>
      <p className="mt-1.5 text-sm leading-relaxed">
        {t('explanation')} {isCheckedOutside && t('checkedOutside')}
      </p>
      <div className="mt-3 grid gap-2 sm:flex">
        <Button onClick={() => onChoose(true)}>{t('yes')}</Button>
        <Button onClick={() => onChoose(false)}>{t('no')}</Button>
      </div>
    </section>
  );
}
