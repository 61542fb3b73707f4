// A rollout during which the web process, the engine and Postgres are killed ends as an undisturbed one does.
import { expect, it } from 'vitest';
import { measureKills } from '@/bench/rollout/kills';

it('kills during a rollout change neither its end nor its audit rows', async () => {
  const { kills } = (await measureKills(4, 1)) as { kills: { n: number; differing: number; auditRows: number } };
  expect(kills).toMatchObject({ n: 4, differing: 0 });
  // Its start and that of its experiment, four raises and four moved shares, the promotion with three rows, two settings.
  expect(kills.auditRows).toBeGreaterThanOrEqual(14);
}, 300_000);
