// Answers to the product's own questions, before and after a version was trained.
import { getTranslations } from 'next-intl/server';
import type { ExampleAnswers } from '@/core/artifact/manifest';
import { languageOf } from '@/core/text/language';

export async function Examples({ examples }: { examples: readonly ExampleAnswers[] }) {
  const t = await getTranslations('changes');
  return (
    <details className="mt-2 text-sm">
      <summary className="w-fit rounded py-1 font-medium">{t('examples')}</summary>
      <p className="mt-1 text-muted-foreground">{t('examplesFrom')}</p>
      <ul className="mt-3 space-y-5">
        {examples.map(({ question, ...answers }) => (
          <li key={question}>
            <h3 lang={languageOf(question)} className="font-medium">
              {question}
            </h3>
            <dl className="mt-2 grid gap-3 sm:grid-cols-2">
              {(['before', 'after'] as const).map((side) => (
                <div key={side} className="min-w-0 rounded-xl bg-muted p-3">
                  <dt className="text-muted-foreground text-xs">{t(side)}</dt>
                  <dd
                    lang={languageOf(question)}
                    className="mt-1 whitespace-pre-wrap leading-relaxed [overflow-wrap:anywhere]"
                  >
                    {answers[side]}
                  </dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </details>
  );
}
