'use client';

// The raters, best agreement first, with an administrator's word on each.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { formatSeconds, useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { AgreementText } from '@/app/rate/agreement';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { TextArea } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Cell, Table } from '@/app/ui/table';
import type { RouterOutputs } from '@/server/routers';

type RaterData = RouterOutputs['ratingAdmin']['raters'][number];

export function Raters() {
  const t = useTranslations('ratingAdmin');
  const rate = useTranslations('rate');
  const admin = useTranslations('admin');
  const { percent } = useFormats();
  const trpc = useTRPC();
  const query = useQuery(trpc.ratingAdmin.raters.queryOptions());
  return (
    <Loaded query={query}>
      {(raters) =>
        raters.length === 0 ? (
          <p
            role="status"
            className="rounded-2xl border border-border border-dashed p-10 text-center text-muted-foreground text-sm"
          >
            {t('noRaters')}
          </p>
        ) : (
          <Table
            caption={t('raters')}
            head={[
              rate('rater'),
              rate('withOthers'),
              rate('withTruth'),
              rate('withSelf'),
              rate('done'),
              rate('coverage'),
              t('medianTime'),
              t('standing'),
              admin('actions'),
            ]}
          >
            {raters.map((rater) => (
              <tr key={rater.id}>
                <Cell className="break-words font-medium">{rater.name}</Cell>
                {[rater.withOthers, rater.withTruth, rater.withSelf].map((agreement, at) => (
                  <Cell key={at}>
                    <AgreementText agreement={agreement} />
                  </Cell>
                ))}
                <Cell className="tabular-nums">{rater.done}</Cell>
                <Cell className="tabular-nums">{percent(rater.coverage)}</Cell>
                <Cell className="whitespace-nowrap tabular-nums">
                  {rater.medianSeconds === null ? '–' : formatSeconds(rater.medianSeconds)}
                </Cell>
                <Cell>
                  <Badge tone={rater.standing === 'banned' ? 'bad' : rater.standing === 'trusted' ? 'good' : 'plain'}>
                    {t(rater.standing ?? 'evidence')}
                  </Badge>
                  {rater.standingReason && (
                    <p className="mt-1 max-w-48 break-words text-muted-foreground text-xs">{rater.standingReason}</p>
                  )}
                </Cell>
                <Cell>
                  <Standing rater={rater} />
                </Cell>
              </tr>
            ))}
          </Table>
        )
      }
    </Loaded>
  );
}

const STANDINGS = [
  { standing: 'trusted', label: 'trust' },
  { standing: 'banned', label: 'ban' },
  { standing: null, label: 'reset' },
] as const;

function Standing({ rater: { id, name, standing } }: { rater: RaterData }) {
  const t = useTranslations('ratingAdmin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [reason, setReason] = useState('');
  const save = useMutation(
    trpc.ratingAdmin.setStanding.mutationOptions({
      onSuccess: () => setIsOpen(false),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.ratingAdmin.raters.queryKey() }),
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
            maxLength={4000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
          <div className="flex flex-wrap gap-2">
            {STANDINGS.filter((option) => option.standing !== standing).map((option) => (
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
