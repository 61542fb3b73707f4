'use client';

// Groups by language, topic, what people say of themselves, and taste: win rate, reward model and coverage, worst first.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useId, useState } from 'react';
import { CountedAt } from '@/app/admin/counted-at';
import { useFormats } from '@/app/admin/format';
import { useGroupName } from '@/app/admin/groups/use-group-name';
import { Loaded } from '@/app/admin/loaded';
import { Rate } from '@/app/admin/rate';
import type { GroupsData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { EmptyState } from '@/app/ui/empty-state';
import { SELECT } from '@/app/ui/field';
import { Cell, Table } from '@/app/ui/table';

export function Groups() {
  const t = useTranslations('groups');
  const trpc = useTRPC();
  const [versionId, setVersionId] = useState<string>();
  const input = versionId === undefined ? {} : { versionId };
  const query = useQuery(trpc.statistics.groups.queryOptions(input, { placeholderData: keepPreviousData }));
  return (
    <Loaded query={query}>
      {(data) => (
        <div className="space-y-6">
          <Card title={t('title')}>
            <p className="max-w-prose text-muted-foreground text-sm">{t('text', { fewest: data.fewestPeople })}</p>
            <VersionChoice versionId={data.versionId} onChange={setVersionId} />
            <p role="status" className="mt-3 text-muted-foreground text-sm">
              {t('counts', { votes: data.votes, people: data.people })}
            </p>
            <CountedAt of="votes" at={data.countedAt} />
          </Card>
          {data.keys.map(({ key, groups, publishedAt }) => (
            <GroupTable key={key} name={key} groups={groups} publishedAt={publishedAt} fewest={data.fewestPeople} />
          ))}
          <p className="max-w-prose text-muted-foreground text-xs">{t(data.runId ? 'normal' : 'normalNoRun')}</p>
          <p className="max-w-prose text-muted-foreground text-xs">
            {t('mix', { example: '{"targetMix": {"language": {"en": 1, "ja": 1}}}' })}
          </p>
        </div>
      )}
    </Loaded>
  );
}

function VersionChoice({ versionId, onChange }: { versionId: string; onChange: (versionId: string) => void }) {
  const t = useTranslations('groups');
  const id = useId();
  const trpc = useTRPC();
  // The one that is shown is there before the list of all is.
  const { data: versions = [{ id: versionId }] } = useQuery(trpc.version.names.queryOptions());
  return (
    <div className="mt-4 max-w-sm space-y-1.5">
      <label htmlFor={id} className="block font-medium text-sm">
        {t('version')}
      </label>
      <select id={id} value={versionId} onChange={(event) => onChange(event.target.value)} className={SELECT}>
        {versions.map((version) => (
          <option key={version.id} value={version.id}>
            {version.id}
          </option>
        ))}
      </select>
    </div>
  );
}

function GroupTable({
  name,
  groups,
  publishedAt,
  fewest,
}: {
  name: GroupsData['keys'][number]['key'];
  groups: GroupsData['keys'][number]['groups'];
  publishedAt: Date | null;
  fewest: number;
}) {
  const { date } = useFormats();
  const t = useTranslations('groups');
  const admin = useTranslations('admin');
  const nameOf = useGroupName();
  const title = t(`keys.${name}`);
  return (
    <section className="space-y-2">
      <h2 className="font-semibold text-base">{title}</h2>
      <p className="max-w-prose text-muted-foreground text-xs">{t(`keyTexts.${name}`)}</p>
      {publishedAt && (
        <p className="max-w-prose text-muted-foreground text-xs">{t('held', { date: date(publishedAt), fewest })}</p>
      )}
      {groups.length === 0 ? (
        <EmptyState>{t(name === 'taste' ? 'noTaste' : 'tooFew')}</EmptyState>
      ) : (
        <Table caption={title} head={[t('group'), admin('wins'), admin('thumbRate'), t('rewardModel'), t('coverage')]}>
          {groups.map((group) => (
            <GroupRow key={group.value} group={group} label={nameOf(name, group.value)} />
          ))}
        </Table>
      )}
    </section>
  );
}

function GroupRow({ group, label }: { group: GroupsData['keys'][number]['groups'][number]; label: string }) {
  const t = useTranslations('groups');
  const { percent } = useFormats();
  const { wins, thumbs, rewardModel, votes, people, share } = group;
  return (
    <tr>
      <Cell className="min-w-32 break-words font-medium">{label}</Cell>
      {[wins, thumbs, rewardModel].map((rate, at) => (
        <Cell key={at}>
          {rate ? <Rate rate={rate.value} low={rate.low} high={rate.high} n={rate.n} /> : '–'}
          {rate && rate === rewardModel && (
            <p className="mt-1 text-muted-foreground text-xs">
              {t('calibration', { error: percent(rewardModel.calibrationError) })}
            </p>
          )}
        </Cell>
      ))}
      <Cell className="whitespace-nowrap tabular-nums">
        {t('coverageOf', { share: percent(share), votes, people })}
      </Cell>
    </tr>
  );
}
