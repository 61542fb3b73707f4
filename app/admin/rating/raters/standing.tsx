'use client';

// An administrator's word on a person's votes: what it is, and how it is changed.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { TextArea } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { STANDING_ACTS, STANDINGS, type Standing } from '@/core/trust/standing';

interface Person {
  id: string;
  name: string;
  standing: Standing | null;
}

export function StandingBadge({ standing, reason }: { standing: Person['standing']; reason: string | null }) {
  const t = useTranslations('ratingAdmin');
  return (
    <>
      <Badge tone={standing === 'banned' ? 'bad' : standing === 'trusted' ? 'good' : 'plain'}>
        {t(standing ?? 'evidence')}
      </Badge>
      {reason && <p className="mt-1 max-w-48 break-words text-muted-foreground text-xs">{reason}</p>}
    </>
  );
}

const CHOICES = [
  ...STANDINGS.map((standing) => ({ standing, label: STANDING_ACTS[standing] })),
  { standing: null, label: 'reset' as const },
];

export function ChangeStanding({ person: { id, name, standing } }: { person: Person }) {
  const t = useTranslations('ratingAdmin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [reason, setReason] = useState('');
  const save = useMutation(
    trpc.ratingAdmin.setStanding.mutationOptions({
      onSuccess: () => setIsOpen(false),
      onSettled: async () => {
        await client.invalidateQueries({ queryKey: trpc.ratingAdmin.raters.queryKey() });
        await client.invalidateQueries({ queryKey: trpc.statistics.trust.queryKey() });
      },
    }),
  );
  return (
    <>
      <Button size="small" onClick={() => setIsOpen(true)}>
        <span aria-hidden>{t('edit')}</span>
        <span className="sr-only">{t('change', { name })}</span>
      </Button>
      <Dialog isOpen={isOpen} onOpenChange={setIsOpen} title={t('changeTitle', { name })} text={t('changeText')}>
        <div className="mt-4 space-y-4">
          <TextArea
            label={t('changeReason')}
            rows={3}
            maxLength={TEXT_LIMITS.comment}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
          <div className="flex flex-wrap gap-2">
            {CHOICES.filter((option) => option.standing !== standing).map((option) => (
              <Button
                key={option.label}
                variant={option.standing === 'banned' ? 'danger' : 'outline'}
                disabled={reason.trim() === ''}
                isBusy={save.isPending}
                onClick={() => save.mutate({ userId: id, standing: option.standing, reason })}
              >
                {t(option.label)}
              </Button>
            ))}
          </div>
        </div>
      </Dialog>
    </>
  );
}
