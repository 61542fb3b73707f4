'use client';

// What a judge labels: at least one kind.
import { useTranslations } from 'next-intl';
import type { JudgeData } from '@/app/admin/types';
import { Switch } from '@/app/ui/switch';
import { PRINCIPLE_USES } from '@/core/judging/constitution';

type Kinds = JudgeData['labels'];

export function LabelKinds({ kinds, onChange }: { kinds: Kinds; onChange: (kinds: Kinds) => void }) {
  const t = useTranslations('judges');
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium text-sm">{t('labels')}</legend>
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        {PRINCIPLE_USES.map((kind) => (
          <Switch
            key={kind}
            label={t(`kinds.${kind}`)}
            isOn={kinds.includes(kind)}
            isDisabled={kinds.length === 1 && kinds[0] === kind}
            onChange={(isOn) => onChange(PRINCIPLE_USES.filter((own) => (own === kind ? isOn : kinds.includes(own))))}
          />
        ))}
      </div>
      <p className="mt-1.5 text-muted-foreground text-xs">{t('onlyComparisons')}</p>
    </fieldset>
  );
}
