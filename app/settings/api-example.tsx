'use client';

// Shows how a program calls the API: sample requests to copy, and a link to the reference.
import { useTranslations } from 'next-intl';
import { useSyncExternalStore } from 'react';
import { Card } from '@/app/ui/card';
import { CopyButton } from '@/app/ui/copy-button';

const requestTo = (origin: string) => `curl -i ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer $ATTUNE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "champion", "messages": [{"role": "user", "content": "Hello"}]}'`;

const feedbackTo = (origin: string) => `curl ${origin}/v1/feedback \\
  -H "Authorization: Bearer $ATTUNE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"kind": "thumb", "generation_id": "…", "value": 1}'`;

export function ApiExample() {
  const t = useTranslations('settings');
  const origin = useSyncExternalStore(
    () => () => {},
    () => window.location.origin,
    () => '',
  );
  return (
    <Card title={t('example')}>
      <p className="mb-4 max-w-prose text-muted-foreground text-sm">
        {t.rich('exampleText', {
          code: (text) => <code className="rounded bg-muted px-1 py-0.5 text-foreground">{text}</code>,
          base: () => <code className="rounded bg-muted px-1 py-0.5 text-foreground">{`${origin}/v1`}</code>,
        })}
      </p>
      <div className="space-y-4">
        <Command title={t('exampleAsk')} copy={t('copyCommand')} text={requestTo(origin)} />
        <Command title={t('exampleRate')} copy={t('copyCommand')} text={feedbackTo(origin)} />
      </div>
      <p className="mt-4 text-sm">
        <a href="/docs" className="text-primary underline underline-offset-4">
          {t('docs')}
        </a>
      </p>
    </Card>
  );
}

function Command({ title, copy, text }: { title: string; copy: string; text: string }) {
  return (
    <section aria-label={title}>
      <div className="mb-1.5 flex items-center justify-between gap-2">
        <h3 className="font-medium text-sm">{title}</h3>
        <CopyButton text={text} label={copy} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <pre tabIndex={0} className="overflow-x-auto rounded-xl bg-muted p-4 text-xs leading-relaxed">
        {text}
      </pre>
    </section>
  );
}
