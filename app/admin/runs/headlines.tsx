'use client';

// The five figures by which a run is read first, each with what it means and whether it is normal.
import { Check, TriangleAlert } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Chart } from '@/app/admin/runs/metrics/chart';
import type { Compared } from '@/app/admin/runs/metrics/compared';
import { type Headline, isNormal } from '@/app/admin/runs/metrics/headline';
import { Badge } from '@/app/ui/badge';

export function Headlines({ headlines, compared }: { headlines: readonly Headline[]; compared: Compared | null }) {
  const t = useTranslations('runPage');
  const { metric } = useFormats();
  const bandText = ({ band: { low, high } }: Headline) => {
    if (low !== null && high !== null) return t('bandBetween', { low: metric(low), high: metric(high) });
    if (low !== null) return t('bandAbove', { low: metric(low) });
    return high === null ? '' : t('bandBelow', { high: metric(high) });
  };
  return (
    <div className="grid gap-x-6 gap-y-7 sm:grid-cols-2 xl:grid-cols-3">
      {headlines.map((headline) => {
        const { name, stage, curve, n } = headline;
        const title = t(`headlines.${name}.title`);
        return (
          <Chart
            key={name}
            stage={stage}
            curve={curve}
            compared={compared}
            band={headline.band}
            words={{
              title: n === null ? title : t('titleWithN', { title, n }),
              text: `${t(`headlines.${name}.text`)} ${bandText(headline)}`,
            }}
            badge={
              <p className="mt-1">
                {isNormal(headline) ? (
                  <Badge tone="good">
                    <Check aria-hidden className="size-3.5" />
                    {t('normal')}
                  </Badge>
                ) : (
                  <Badge tone="busy">
                    <TriangleAlert aria-hidden className="size-3.5" />
                    {t('unusual')}
                  </Badge>
                )}
              </p>
            }
          />
        );
      })}
    </div>
  );
}
