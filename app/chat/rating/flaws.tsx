'use client';

// What is wrong with an answer: flaws to tick, and for each, if the person wishes, the passage and a reason.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import type { Flaw, Span } from '@/core/feedback/kinds';
import { Chip } from './chips';
import { FlawDetail } from './flaw-detail';
import { Part } from './part';
import { type AnswerElement, useMarkedPassages, useSelectedPassage } from './passage/use-passage';
import { useFlaws } from './use-flaws';
import type { GivenControl } from './use-given';

interface FlawsProps {
  flaws: GivenControl<'flaws'>;
  /** The answer's markdown, and the element that shows it. */
  text: string;
  answer: AnswerElement;
}

export function Flaws({ flaws, text, answer }: FlawsProps) {
  const t = useTranslations('feedback');
  const questions = useFlaws();
  const given = flaws.current?.value.flaws ?? null;
  const ticked = given ?? [];
  const [marking, setMarking] = useState<string | null>(null);
  const change = (flaw: string, detail: Omit<Flaw, 'flaw'>) =>
    flaws.save({ flaws: ticked.map((one) => (one.flaw === flaw ? clean({ ...one, ...detail }) : one)) });

  const isMarking = marking !== null && ticked.some(({ flaw }) => flaw === marking);
  useSelectedPassage(answer, text, isMarking, (span) => {
    setMarking(null);
    change(marking!, { span });
  });
  useMarkedPassages(
    answer,
    text,
    ticked.flatMap(({ span }) => span ?? []),
  );

  const tick = (flaw: string, isOn: boolean) => {
    const rest = ticked.filter((one) => one.flaw !== flaw);
    if (isOn) flaws.save({ flaws: [...rest, { flaw }] });
    else if (rest.length > 0) flaws.save({ flaws: rest });
    else flaws.remove();
    setMarking(isOn ? flaw : null);
  };
  const labelOf = (flaw: string) => questions.find(({ id }) => id === flaw)?.label ?? flaw;
  if (questions.length === 0 && ticked.length === 0) return null;
  return (
    <Part title={t('flaws')} given={flaws}>
      <div className="flex flex-wrap gap-1.5">
        {questions.map(({ id, label }) => (
          <Chip
            key={id}
            label={label}
            isOn={ticked.some(({ flaw }) => flaw === id)}
            onChange={(isOn) => tick(id, isOn)}
          />
        ))}
        <Chip
          label={t('noFlaws')}
          isOn={given?.length === 0}
          onChange={(isOn) => (isOn ? flaws.save({ flaws: [] }) : flaws.remove())}
        />
      </div>
      {ticked.length > 0 && (
        <ul className="mt-3 space-y-3">
          {ticked.map((flaw) => (
            <FlawDetail
              key={flaw.flaw}
              flaw={flaw}
              label={labelOf(flaw.flaw)}
              text={text}
              isMarking={marking === flaw.flaw}
              onMarking={(isOn) => setMarking(isOn ? flaw.flaw : null)}
              onChange={(detail) => change(flaw.flaw, detail)}
            />
          ))}
        </ul>
      )}
    </Part>
  );
}

/** Without a passage or reason that was taken away. */
const clean = ({
  flaw,
  reason,
  span,
}: {
  flaw: string;
  reason?: string | undefined;
  span?: Span | undefined;
}): Flaw => ({
  flaw,
  ...(reason && { reason }),
  ...(span && { span }),
});
