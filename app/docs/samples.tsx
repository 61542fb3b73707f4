'use client';

// One sample request in several languages, to copy.
import { useTranslations } from 'next-intl';
import { Tabs } from 'radix-ui';
import { CopyButton } from '@/app/ui/copy-button';

interface SamplesProps {
  /** Of the endpoint that they call. */
  label: string;
  samples: { lang: string; source: string }[];
}

export function Samples({ label, samples }: SamplesProps) {
  const t = useTranslations('docs');
  return (
    <Tabs.Root defaultValue={samples[0]!.lang} className="overflow-hidden rounded-2xl border border-border bg-card">
      <Tabs.List aria-label={`${t('samples')}: ${label}`} className="flex gap-1 border-border border-b px-2 pt-2">
        {samples.map(({ lang }) => (
          <Tabs.Trigger
            key={lang}
            value={lang}
            className="rounded-t-lg border-transparent border-b-2 px-3 py-2 font-medium text-muted-foreground text-sm hover:text-foreground data-[state=active]:border-primary data-[state=active]:text-foreground"
          >
            {lang}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {samples.map(({ lang, source }) => (
        <Tabs.Content key={lang} value={lang} className="relative">
          <div className="absolute top-2 right-2 rounded-lg bg-muted">
            <CopyButton text={source} label={t('copy')} />
          </div>
          <section
            aria-label={`${lang}: ${label}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
            tabIndex={0}
            className="overflow-x-auto bg-muted p-4"
          >
            <pre lang="en" className="pr-10 text-xs leading-relaxed">
              <code>{source}</code>
            </pre>
          </section>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
