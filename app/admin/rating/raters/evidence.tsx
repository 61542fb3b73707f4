'use client';

// What the trust in a person's votes of one kind rests on, line by line.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { PersonTrustData } from '@/app/admin/types';

type KindData = PersonTrustData['kinds'][number];

const COUNTS = ['overlap', 'gold', 'repeats', 'first', 'longer', 'fast'] as const;
const TESTS = ['disagrees', 'prefersFirst', 'prefersSecond', 'prefersLonger', 'prefersShorter'] as const;
/** Smaller chances are not told apart. */
const LEAST_CHANCE = 0.001;

export function Evidence({ kind, partners }: { kind: KindData; partners: readonly string[] }) {
  const t = useTranslations('trust');
  const { percent, rough, duration } = useFormats();
  const alarms = TESTS.filter((name) => kind.tests[name].rejectedAt !== null);
  const countText = ({ n, hits }: KindData['overlap']) =>
    n === 0 ? t('noCount') : t('count', { hits, n, share: percent(hits / n) });
  const chanceText = (chance: number) =>
    chance < LEAST_CHANCE ? t('chanceBelow', { chance: rough(LEAST_CHANCE) }) : t('chance', { chance: rough(chance) });
  return (
    <div className="space-y-1 text-xs">
      {kind.habit && <p className="font-medium">{t(`habits.${kind.habit}`)}</p>}
      {partners.length > 0 && <p className="font-medium">{t('partners', { names: partners.join(', ') })}</p>}
      {alarms.map((name) => (
        <p key={name} className="font-medium">
          {t('alarm', { what: t(`tests.${name}`), vote: kind.tests[name].rejectedAt ?? 0 })}
        </p>
      ))}
      <details>
        <summary className="w-fit rounded text-primary-strong">{t('lines')}</summary>
        <dl className="mt-2 space-y-1.5">
          {COUNTS.map((name) => (
            <Line key={name} name={t(`counts.${name}`)} text={countText(kind[name])} />
          ))}
          <Line
            name={t('median')}
            text={kind.milliseconds === null ? t('noCount') : duration(kind.milliseconds / 1000)}
          />
          {TESTS.map((name) => (
            <Line key={name} name={t(`tests.${name}`)} text={chanceText(kind.tests[name].chance)} />
          ))}
        </dl>
      </details>
    </div>
  );
}

function Line({ name, text }: { name: string; text: string }) {
  return (
    <div className="flex flex-wrap justify-between gap-x-4">
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="tabular-nums">{text}</dd>
    </div>
  );
}
