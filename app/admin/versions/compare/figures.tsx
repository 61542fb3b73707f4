'use client';

// Every figure of two versions in one table, with the difference where one number stands against another.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Rate, WinRate } from '@/app/admin/rate';
import { VersionBadge } from '@/app/admin/versions/version-badge';
import { VersionLink } from '@/app/admin/versions/version-link';
import { useTRPC } from '@/app/lib/trpc';
import { useGateName } from '@/app/lib/use-gate-name';
import { Card } from '@/app/ui/card';
import { Cell, Table } from '@/app/ui/table';
import type { RouterOutputs } from '@/server/routers';

type Comparison = RouterOutputs['version']['compare'];
type Compared = Comparison['a'];

export function Figures({ a, b }: { a: string; b: string }) {
  const t = useTranslations('versions');
  const trpc = useTRPC();
  const query = useQuery(trpc.version.compare.queryOptions({ a, b }));
  return (
    <Loaded query={query}>
      {(comparison) => (
        <>
          <Table
            caption={t('figures')}
            head={[
              t('figure'),
              <Head key="a" of={comparison.a} />,
              <Head key="b" of={comparison.b} />,
              t('difference'),
            ]}
          >
            <Opinions comparison={comparison} />
            <Numbers comparison={comparison} />
          </Table>
          <Card title={t('betweenTitle')}>
            <p className="mb-2 text-muted-foreground text-sm">{t('betweenText', { a, b })}</p>
            <WinRate of={comparison.between} />
          </Card>
        </>
      )}
    </Loaded>
  );
}

function Head({ of }: { of: Compared }) {
  return (
    <span className="flex flex-wrap items-center gap-2 whitespace-normal">
      <VersionLink id={of.id} />
      <VersionBadge of={of} />
    </span>
  );
}

function Row({ name, a, b, difference }: { name: ReactNode; a: ReactNode; b: ReactNode; difference: ReactNode }) {
  return (
    <tr>
      <Cell className="min-w-36">{name}</Cell>
      <Cell className="tabular-nums">{a}</Cell>
      <Cell className="tabular-nums">{b}</Cell>
      <Cell className="whitespace-nowrap tabular-nums">{difference}</Cell>
    </tr>
  );
}

function Opinions({ comparison: { a, b } }: { comparison: Comparison }) {
  const t = useTranslations('admin');
  const { points } = useDifferences();
  const winRate = ({ sideBySide: { winRate: rate, wins, losses } }: Compared) => ({ rate, n: wins + losses });
  return (
    <>
      <Row
        name={t('thumbRate')}
        a={<Rate {...a.thumbRate} />}
        b={<Rate {...b.thumbRate} />}
        difference={points(a.thumbRate, b.thumbRate)}
      />
      <Row
        name={t('wins')}
        a={<WinRate of={a.sideBySide} />}
        b={<WinRate of={b.sideBySide} />}
        difference={points(winRate(a), winRate(b))}
      />
      <Row
        name={t('rulesBroken')}
        a={<Rate {...a.rules.any} />}
        b={<Rate {...b.rules.any} />}
        difference={points(a.rules.any, b.rules.any)}
      />
    </>
  );
}

function Numbers({ comparison: { a, b } }: { comparison: Comparison }) {
  const t = useTranslations('versions');
  const gateName = useGateName();
  const { metric } = useFormats();
  const { plain } = useDifferences();
  const shown = (value: number | null) => (value === null ? t('unknown') : metric(value));
  const gates = [...new Set([...a.gates, ...b.gates].map(({ name }) => name))];
  const gate = ({ gates: own }: Compared, name: string) => own.find((one) => one.name === name)?.value ?? null;
  const rows: [name: string, of: (side: Compared) => number | null][] = [
    [t('answers'), ({ stats }) => stats.answers],
    [t('medianTokens'), ({ stats }) => stats.tokens],
    [t('medianFirst'), ({ stats }) => stats.firstTokenMs],
    [t('medianWhole'), ({ stats }) => stats.durationMs],
    ...gates.map((name): [string, (side: Compared) => number | null] => [
      t('gate', { name: gateName(name) }),
      (side) => gate(side, name),
    ]),
  ];
  return rows.map(([name, of]) => (
    <Row key={name} name={name} a={shown(of(a))} b={shown(of(b))} difference={plain(of(a), of(b))} />
  ));
}

/** Of b less a, with its sign. */
function useDifferences() {
  const t = useTranslations('versions');
  const { metric } = useFormats();
  const signed = (value: number) => `${value > 0 ? '+' : ''}${metric(value)}`;
  const plain = (a: number | null, b: number | null) => (a === null || b === null ? t('unknown') : signed(b - a));
  const points = (a: { rate: number; n: number }, b: { rate: number; n: number }) =>
    a.n === 0 || b.n === 0 ? t('unknown') : t('points', { value: signed(100 * (b.rate - a.rate)) });
  return { plain, points };
}
