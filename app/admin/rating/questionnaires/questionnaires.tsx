'use client';

// The questionnaires, newest version first, and the editor of one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Loaded } from '@/app/admin/loaded';
import { Editor } from '@/app/admin/rating/questionnaires/editor';
import type { QuestionnaireData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';

export function Questionnaires() {
  const t = useTranslations('ratingAdmin');
  const trpc = useTRPC();
  const client = useQueryClient();
  const query = useQuery(trpc.ratingAdmin.questionnaires.queryOptions());
  const [edited, setEdited] = useState<QuestionnaireData | 'new' | null>(null);
  const retire = useMutation(
    trpc.ratingAdmin.retireQuestionnaire.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.ratingAdmin.questionnaires.queryKey() }),
    }),
  );
  return (
    <div className="space-y-4">
      <Card title={t('questionnaires')} actions={<Button onClick={() => setEdited('new')}>{t('new')}</Button>}>
        <Loaded query={query}>
          {(items) =>
            items.length === 0 ? (
              <p className="text-muted-foreground text-sm">{t('noQuestionnaires')}</p>
            ) : (
              <ul className="divide-y divide-border">
                {items.map((item) => (
                  <li key={item.id} className="flex flex-wrap items-center gap-2 py-2 text-sm">
                    <span className="min-w-0 break-words font-medium">{item.name}</span>
                    <span className="text-muted-foreground">{t('version', { version: item.version })}</span>
                    {item.isForChat && <Badge tone="good">{t('forChat')}</Badge>}
                    {item.retiredAt && <Badge tone="plain">{t('retired')}</Badge>}
                    <span className="ml-auto flex gap-2">
                      <Button
                        size="small"
                        aria-label={t('editNamed', { name: item.name })}
                        onClick={() => setEdited(item)}
                      >
                        {t('edit')}
                      </Button>
                      {!item.retiredAt && (
                        <Button
                          size="small"
                          aria-label={t('retireNamed', { name: item.name })}
                          onClick={() => retire.mutate({ id: item.id })}
                        >
                          {t('retire')}
                        </Button>
                      )}
                    </span>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      {edited && (
        <Editor
          key={edited === 'new' ? 'new' : edited.id}
          start={edited === 'new' ? null : edited}
          onSaved={() => setEdited(null)}
        />
      )}
    </div>
  );
}
