// A snapshot that holds a vote, with each run that read it, the version that came of it, and that version's gates.
import { getFormatter, getTranslations } from 'next-intl/server';
import { StatusBadge } from '@/app/admin/status-badge';
import { GateList } from '@/app/changes/gate-list';
import { fateOf } from '@/app/feedback/fate';
import { VerdictText } from '@/app/ui/verdict-text';
import type { RouterOutputs } from '@/server/routers';
import { TraceLink } from './trace-link';

type Snapshot = RouterOutputs['feedback']['trace']['snapshots'][number];
type Run = Snapshot['runs'][number];

export async function TracedSnapshot({ snapshot, isAdmin }: { snapshot: Snapshot; isAdmin: boolean }) {
  const t = await getTranslations('trace');
  const format = await getFormatter();
  const { id, sha256, frozenUpTo, lines, blankedLines, runs } = snapshot;
  const name = t('snapshot', { id: id.slice(0, 8) });
  return (
    <li className="rounded-2xl border border-border bg-card p-5">
      <h2 className="font-semibold text-base">
        {isAdmin ? <TraceLink href={`/admin/snapshots/${id}`}>{name}</TraceLink> : name}
      </h2>
      <p className="mt-1 text-muted-foreground text-sm">
        {t('frozen', { date: format.dateTime(frozenUpTo, { dateStyle: 'medium', timeStyle: 'short' }) })}{' '}
        {lines ? t('lines', { count: lines.length, lines: format.list(lines.map(String)) }) : t('noLines')}{' '}
        {blankedLines > 0 && t('blanked', { count: blankedLines })}
      </p>
      <p className="mt-1 font-mono text-muted-foreground text-xs [overflow-wrap:anywhere]">sha256 {sha256}</p>
      {isAdmin && (
        <p className="mt-2 text-sm">
          <TraceLink href={`/admin/feedback?snapshot=${id}`}>{t('votes')}</TraceLink>
        </p>
      )}
      {runs.length === 0 ? (
        <p className="mt-3 text-sm">{t('noRuns')}</p>
      ) : (
        <ul className="mt-4 space-y-4">
          {runs.map((run) => (
            <TracedRun key={run.id} run={run} isAdmin={isAdmin} />
          ))}
        </ul>
      )}
    </li>
  );
}

async function TracedRun({ run, isAdmin }: { run: Run; isAdmin: boolean }) {
  const t = await getTranslations('trace');
  const { id, status, version } = run;
  const name = t('run', { id: id.slice(0, 8) });
  return (
    <li className="border-border border-l-2 pl-4">
      <h3 className="flex flex-wrap items-center gap-2 font-medium text-sm">
        {isAdmin ? <TraceLink href={`/admin/runs/${id}`}>{name}</TraceLink> : name}
        <StatusBadge status={status} />
      </h3>
      {version ? (
        <TracedVersion version={version} isAdmin={isAdmin} />
      ) : (
        <p className="mt-1 text-sm">{t(isAtWork(status) ? 'noVersionYet' : 'noVersion')}</p>
      )}
      <p className="mt-1 text-muted-foreground text-sm">
        <VerdictText verdict={run} />
      </p>
    </li>
  );
}

async function TracedVersion({ version, isAdmin }: { version: NonNullable<Run['version']>; isAdmin: boolean }) {
  const t = await getTranslations('ownFeedback');
  const trace = await getTranslations('trace');
  const format = await getFormatter();
  const { versionId, championSince, hasLearned, gates } = version;
  const date = championSince ? format.dateTime(championSince, { dateStyle: 'medium' }) : '';
  const href = isAdmin ? `/admin/versions/${encodeURIComponent(versionId)}` : `/changes#version-${versionId}`;
  return (
    <>
      <p className="mt-1 flex flex-wrap gap-x-2 text-sm">
        <TraceLink href={href}>{versionId}</TraceLink>
        <span>{t(fateOf(version), { date })}</span>
      </p>
      {!hasLearned && <p className="mt-1 text-sm">{trace('notLearned')}</p>}
      {gates.length > 0 && <GateList gates={gates} />}
    </>
  );
}

const isAtWork = (status: Run['status']) => status === 'queued' || status === 'running';
