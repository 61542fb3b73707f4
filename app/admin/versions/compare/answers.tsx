'use client';

// Lets two versions answer the same prompts, on demand: with progress, a way to stop, and hidden names on request.
import { useQuery } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Field, SELECT, TextArea, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';
import { beginningOf } from '@/core/text/beginning';
import type { RouterInputs } from '@/server/routers';

type Order = RouterInputs['version']['answers'];
type Side = 'a' | 'b';
type Answer = { text: string; tokens: number; milliseconds: number };
type Answered = { prompt: string } & Partial<Record<Side, Answer>>;

const LONGEST_SEED = 9;

export function Answers({ a, b }: { a: string; b: string }) {
  const t = useTranslations('versions');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const [order, setOrder] = useState<Order | null>(null);
  const [answered, setAnswered] = useState<Answered[]>([]);
  const [isBlind, setIsBlind] = useState(false);
  const total = 2 * answered.length;
  const done = answered.reduce((sum, one) => sum + (one.a ? 1 : 0) + (one.b ? 1 : 0), 0);
  const isDone = total > 0 && done === total;
  const isRunning = order !== null && !isDone;
  const stream = useSubscription(
    trpc.version.answers.subscriptionOptions(order ?? { a, b, source: { kind: 'examples' }, seed: 0, maxTokens: 1 }, {
      enabled: isRunning,
      onData: (event) => {
        if (event.type === 'prompts') return setAnswered(event.prompts.map((prompt) => ({ prompt })));
        const { prompt, side, text, tokens, milliseconds } = event;
        setAnswered((before) =>
          before.map((one, at) => (at === prompt ? { ...one, [side]: { text, tokens, milliseconds } } : one)),
        );
      },
    }),
  );
  const start = (asked: Omit<Order, 'a' | 'b'>) => {
    setAnswered([]);
    setOrder({ a, b, ...asked });
  };
  return (
    <Card title={t('answersTitle')}>
      <p className="mb-4 text-muted-foreground text-sm">{t('answersText')}</p>
      <AskForm isBusy={isRunning} onAsk={start} />
      <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
        <Switch label={t('blind')} isOn={isBlind} onChange={setIsBlind} />
        {isRunning && (
          <div className="flex items-center gap-3">
            <progress aria-label={t('progress')} className="w-32 accent-primary" max={total || 1} value={done} />
            <span role="status" className="text-sm tabular-nums">
              {t('progressOf', { done, total })}
            </span>
            <Button size="small" onClick={() => setOrder(null)}>
              {t('stop')}
            </Button>
          </div>
        )}
      </div>
      {isRunning && stream.status === 'error' && (
        <div className="mt-4">
          <Notice kind="error">{sentenceOf(stream.error)}</Notice>
        </div>
      )}
      <ol className="mt-5 space-y-6">
        {answered.map((one, at) => (
          <Pair
            key={at}
            answered={one}
            names={{ a, b }}
            isBlind={isBlind}
            isSwapped={isSwapped(order?.seed ?? 0, at)}
          />
        ))}
      </ol>
    </Card>
  );
}

/** Which version stands on the left of a prompt while names are hidden: of either half the prompts, in no order. */
const isSwapped = (seed: number, prompt: number) => ((seed * 2_654_435_761 + (prompt + 1) * 40_503) >>> 7) % 2 === 1;

function AskForm({ isBusy, onAsk }: { isBusy: boolean; onAsk: (asked: Omit<Order, 'a' | 'b'>) => void }) {
  const t = useTranslations('versions');
  const trpc = useTRPC();
  const sets = useQuery(trpc.ratingAdmin.promptSets.queryOptions());
  const [source, setSource] = useState('examples');
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const shared = { seed: Number(form.get('seed')), maxTokens: Number(form.get('maxTokens')) };
    if (source === 'examples') onAsk({ ...shared, source: { kind: 'examples' } });
    else if (source === 'own') onAsk({ ...shared, source: { kind: 'own', text: String(form.get('text')) } });
    else onAsk({ ...shared, source: { kind: 'set', id: source } });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <div className="grid items-start gap-4 sm:grid-cols-[2fr_1fr_1fr]">
        <Field label={t('prompts')}>
          {(control) => (
            <select {...control} className={SELECT} value={source} onChange={(event) => setSource(event.target.value)}>
              <option value="examples">{t('examplePrompts')}</option>
              <option value="own">{t('ownPrompt')}</option>
              {sets.data?.map(({ id, name, prompts }) => (
                <option key={id} value={id}>
                  {t('promptSet', { name: beginningOf(name, 60), count: prompts })}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField label={t('longest')} name="maxTokens" type="number" min={1} max={512} defaultValue={128} required />
        <TextField
          label={t('seed')}
          name="seed"
          type="number"
          min={0}
          max={10 ** LONGEST_SEED}
          defaultValue={1}
          required
        />
      </div>
      {source === 'own' && <TextArea label={t('ownPrompt')} name="text" rows={3} required />}
      <Button type="submit" variant="primary" isBusy={isBusy}>
        {t('ask')}
      </Button>
    </form>
  );
}

interface PairProps {
  answered: Answered;
  names: Record<Side, string>;
  isBlind: boolean;
  isSwapped: boolean;
}

function Pair({ answered, names, isBlind, isSwapped: swapped }: PairProps) {
  const t = useTranslations('versions');
  const { metric } = useFormats();
  const sides: Side[] = isBlind && swapped ? ['b', 'a'] : ['a', 'b'];
  return (
    <li>
      <p className="whitespace-pre-wrap font-medium text-sm wrap-anywhere">{answered.prompt}</p>
      <div className="mt-2 grid gap-3 md:grid-cols-2">
        {sides.map((side, at) => {
          const answer = answered[side];
          return (
            <section
              key={side}
              aria-label={isBlind ? t('answerNumber', { n: at + 1 }) : names[side]}
              className="rounded-xl bg-muted p-3 text-sm"
            >
              <h3 className="mb-1 break-all text-muted-foreground text-xs">
                {isBlind ? t('answerNumber', { n: at + 1 }) : names[side]}
              </h3>
              {answer ? (
                <>
                  <p className="whitespace-pre-wrap wrap-anywhere">{answer.text || t('emptyAnswer')}</p>
                  {!isBlind && (
                    <p className="mt-2 text-muted-foreground text-xs tabular-nums">
                      {t('answerFacts', { tokens: answer.tokens, seconds: metric(answer.milliseconds / 1000) })}
                    </p>
                  )}
                </>
              ) : (
                <p className="text-muted-foreground">{t('notYet')}</p>
              )}
            </section>
          );
        })}
      </div>
    </li>
  );
}
