'use client';

// The list of people, newest first, with a search and a filter by kind.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import type { PersonData } from '@/app/admin/types';
import { RoleButton } from '@/app/admin/users/role-button';
import { authClient } from '@/app/lib/auth-client';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { usePaused } from '@/app/lib/use-paused';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { EmptyState } from '@/app/ui/empty-state';
import { Field, SELECT, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Cell, Table } from '@/app/ui/table';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import type { RouterInputs } from '@/server/routers';

type Show = NonNullable<RouterInputs['user']['list']['show']>;

const KINDS = [
  { show: 'accounts', label: 'showAccounts' },
  { show: 'admins', label: 'showAdmins' },
  { show: 'raters', label: 'showRaters' },
  { show: 'guests', label: 'showGuests' },
] as const satisfies { show: Show; label: string }[];

const ROLE_NAMES = { user: 'roleUser', rater: 'roleRater', admin: 'roleAdmin' } as const;

export function Users() {
  const t = useTranslations('admin');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const [show, setShow] = useState<Show>('accounts');
  const [text, setText] = useState('');
  const query = usePaused(text.trim());
  const list = useInfiniteQuery(
    trpc.user.list.infiniteQueryOptions(
      { show, query: query || undefined },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const people = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-[1fr_12rem]">
        <TextField
          label={t('searchPeople')}
          type="search"
          maxLength={TEXT_LIMITS.search}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Field label={t('show')}>
          {(control) => (
            <select
              {...control}
              value={show}
              onChange={(event) => setShow(event.target.value as Show)}
              className={SELECT}
            >
              {KINDS.map((kind) => (
                <option key={kind.show} value={kind.show}>
                  {t(kind.label)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {list.isError && <Notice kind="error">{sentenceOf(list.error)}</Notice>}
      {list.isPending && (
        <div role="status" aria-label={app('loading')} className="h-40 animate-breathe rounded-2xl bg-muted" />
      )}
      {list.isSuccess && people.length === 0 && <EmptyState>{t('noPeople')}</EmptyState>}
      {people.length > 0 && <PeopleTable people={people} />}
      {list.hasNextPage && (
        <Button size="small" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </div>
  );
}

function PeopleTable({ people }: { people: PersonData[] }) {
  const t = useTranslations('admin');
  const { date } = useFormats();
  const ownId = authClient.useSession().data?.user.id;
  return (
    <Table caption={t('people')} head={[t('person'), t('role'), t('lastSeen'), t('joined'), t('actions')]}>
      {people.map((person) => (
        <tr key={person.id}>
          <Cell className="min-w-48">
            <p className="break-words font-medium">
              {person.isGuest ? t('roleGuest') : person.name}
              {person.id === ownId && <span className="text-muted-foreground"> ({t('you')})</span>}
            </p>
            {/* A guest's address is made up; its beginning tells guests apart. */}
            <p className="break-all text-muted-foreground text-xs">
              {person.isGuest ? person.id.slice(0, 8) : person.email}
            </p>
          </Cell>
          <Cell>
            <Badge tone={person.role === 'user' ? 'plain' : 'good'}>
              {t(person.isGuest ? 'roleGuest' : ROLE_NAMES[person.role])}
            </Badge>
          </Cell>
          <Cell className="whitespace-nowrap text-muted-foreground">{date(person.lastSeenAt)}</Cell>
          <Cell className="whitespace-nowrap text-muted-foreground">{date(person.createdAt)}</Cell>
          <Cell>{!person.isGuest && person.id !== ownId && <RoleButton person={person} />}</Cell>
        </tr>
      ))}
    </Table>
  );
}
