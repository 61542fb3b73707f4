'use client';

// Several answers to one message: the best of them by one click, or all of them in an order, by buttons or by dragging.
import { ArrowDown, ArrowUp, GripVertical, Trophy } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import { useAnnounce } from '@/app/chat/announcer';
import type { ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { Say } from '@/app/chat/conversation/use-feedback';
import { Part } from '@/app/chat/rating/part';
import { LINK } from '@/app/chat/rating/saved-note';
import { useGiven } from '@/app/chat/rating/use-given';
import { Button } from '@/app/ui/button';
import { IconButton } from '@/app/ui/icon-button';
import { MOST_RANKED } from '@/core/feedback/kinds';
import { beginningOf } from '@/core/text/beginning';
import { moved, orderByWins, placesOf, type Win } from './order';

interface RankingProps {
  /** The message that the answers reply to. */
  question: MessageData;
  /** Finished ones, oldest first. */
  answers: readonly MessageData[];
  comparisons: readonly ComparisonData[];
  say: Say;
}

export function Ranking({ question, answers, comparisons, say }: RankingProps) {
  const t = useTranslations('feedback');
  const { best_of, ranking } = question.given;
  const [isOpen, setIsOpen] = useState(false);
  const given = [best_of && t('gaveBest'), ranking && t('gaveOrder')].filter(Boolean).join(' ');
  return (
    <div className="mt-4">
      <p className="text-muted-foreground text-sm">
        {given && <span className="mr-2">{given}</span>}
        <button type="button" aria-expanded={isOpen} className={LINK} onClick={() => setIsOpen(!isOpen)}>
          {t(isOpen ? 'rankLess' : 'rankMore', { count: answers.length })}
        </button>
      </p>
      {isOpen && <RankingForm {...{ question, comparisons, say }} answers={answers.slice(-MOST_RANKED)} />}
    </div>
  );
}

function RankingForm({ question, answers, comparisons, say }: RankingProps) {
  const t = useTranslations('feedback');
  const announce = useAnnounce();
  const best = useGiven<'best_of'>(question.given.best_of, (next) => say(question, 'best_of', next));
  const ranking = useGiven<'ranking'>(question.given.ranking, (next) => say(question, 'ranking', next));
  const shown = answers.flatMap(({ generation }) => generation?.id ?? []);
  const saved = (ranking.current?.value.order.flat() ?? []).filter((id) => shown.includes(id));
  // What was ranked keeps its order; the rest begins with what was said of it so far.
  const start = orderByWins(
    [...saved, ...shown.filter((id) => !saved.includes(id))],
    [
      ...winsOf(comparisons, answers),
      ...(best.current ? shown.map((loser) => ({ winner: best.current!.value.best, loser })) : []),
      ...saved.slice(1).map((loser, at) => ({ winner: saved[at]!, loser })),
    ],
  );
  const [draft, setDraft] = useState<string[] | null>(null);
  const [latest, setLatest] = useState<'best' | 'ranking'>('ranking');
  const [dragged, setDragged] = useState<string | null>(null);
  const order = draft ?? start;

  // Moving a row in the document takes the focus from its button.
  const list = useRef<HTMLOListElement>(null);
  const [pressed, setPressed] = useState<string | null>(null);
  useEffect(() => {
    if (!pressed) return;
    const button = list.current?.querySelector<HTMLButtonElement>(`[data-move="${pressed}"]`);
    const other = button?.disabled ? button.parentElement?.querySelector<HTMLButtonElement>('button:enabled') : button;
    other?.focus();
  });

  const move = (id: string, by: number) => {
    const next = moved(order, id, by);
    setDraft(next);
    setPressed(`${id} ${by}`);
    announce(t('movedTo', { place: next.indexOf(id) + 1, count: next.length }));
  };
  const numbers = placesOf(shown);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    frame.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div ref={frame} className="mt-2 animate-rise space-y-4 rounded-2xl border border-border bg-card p-4">
      <Part title={t('rankTitle')} given={latest === 'best' ? best : ranking}>
        <ol ref={list} className="space-y-2">
          {order.map((id, index) => {
            const answer = answers.find(({ generation }) => generation?.id === id)!;
            const name = t('answerNumber', { number: numbers.get(id)! });
            const isBest = best.current?.value.best === id;
            return (
              <li
                key={id}
                draggable
                onDragStart={() => setDragged(id)}
                onDragEnd={() => setDragged(null)}
                onDragOver={(event) => {
                  if (!dragged) return;
                  event.preventDefault();
                  if (dragged !== id) setDraft(moved(order, dragged, index - order.indexOf(dragged)));
                }}
                className="flex flex-wrap items-center gap-2 rounded-xl bg-muted p-2.5 sm:flex-nowrap"
              >
                <GripVertical aria-hidden className="hidden size-4 shrink-0 text-muted-foreground pointer-fine:block" />
                <span className="w-5 shrink-0 text-center font-medium text-sm tabular-nums">{index + 1}</span>
                <details className="min-w-0 flex-1 basis-48 text-sm">
                  <summary className="truncate">
                    <span className="font-medium">{name}</span>{' '}
                    <span className="text-muted-foreground">{beginningOf(answer.content, 160)}</span>
                  </summary>
                  <p className="mt-2 whitespace-pre-wrap [overflow-wrap:anywhere]">{answer.content}</p>
                </details>
                <span className="ml-auto flex shrink-0 items-center gap-1">
                  <Button
                    size="small"
                    aria-pressed={isBest}
                    aria-label={t('bestNamed', { name })}
                    className="aria-pressed:border-primary aria-pressed:bg-primary-soft"
                    onClick={() => {
                      setLatest('best');
                      if (isBest) best.remove();
                      else best.save({ generationIds: shown, best: id });
                    }}
                  >
                    <Trophy aria-hidden className="size-4" />
                    {t('best')}
                  </Button>
                  <span className="flex">
                    {[-1, 1].map((by) => (
                      <IconButton
                        key={by}
                        data-move={`${id} ${by}`}
                        label={t(by < 0 ? 'moveUp' : 'moveDown', { name })}
                        disabled={index + by < 0 || index + by >= order.length}
                        onClick={() => move(id, by)}
                      >
                        {by < 0 ? (
                          <ArrowUp aria-hidden className="size-4" />
                        ) : (
                          <ArrowDown aria-hidden className="size-4" />
                        )}
                      </IconButton>
                    ))}
                  </span>
                </span>
              </li>
            );
          })}
        </ol>
        <Button
          size="small"
          className="mt-3"
          onClick={() => {
            setLatest('ranking');
            ranking.save({ order: order.map((id) => [id]) });
            setDraft(null);
            setPressed(null);
          }}
        >
          {t('saveOrder')}
        </Button>
      </Part>
    </div>
  );
}

/** The votes between these answers, oldest first. */
function winsOf(comparisons: readonly ComparisonData[], answers: readonly MessageData[]): Win[] {
  const idOf = (messageId: string) => answers.find(({ id }) => id === messageId)?.generation?.id;
  return comparisons.flatMap(({ choice, leftMessageId, rightMessageId }) => {
    const [left, right] = [idOf(leftMessageId), idOf(rightMessageId)];
    if (!left || !right || (choice !== 'left' && choice !== 'right')) return [];
    return choice === 'left' ? { winner: left, loser: right } : { winner: right, loser: left };
  });
}
