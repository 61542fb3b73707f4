// Reads the five figures, for admins, and for everyone if an admin has made them public.

import { AttuneError } from '@/core/errors';
import { type Figures, spreadOf, swapErrors, votesPerPoint } from '@/core/figures/figures';
import { FEWEST_PEOPLE } from '@/core/statistics/fold';
import { readSettings } from '@/db/settings';
import type { Product } from '@/server/services/product';
import { type KeptPromotions, readPromotions } from './promotions';
import { readRewardAccuracy } from './reward-accuracy';
import { readRollbacks, readSwaps } from './swaps';

/** However many people look, the database is read this often. */
const KEPT_MS = 30_000;

interface Kept {
  promotions: KeptPromotions;
  figures: { at: number; read: Promise<FiguresView> } | null;
}

export interface FiguresView extends Figures {
  /** Newest last. */
  promotions: { versionId: string; formerId: string; at: Date; votes: number; winRate: number | null }[];
}

/** By database, because tests have several in one process. */
const held = globalThis as typeof globalThis & { attuneFigures?: WeakMap<object, Kept> };

export function readFigures({ db }: Product): Promise<FiguresView> {
  held.attuneFigures ??= new WeakMap();
  const kept = held.attuneFigures.get(db) ?? { promotions: new Map(), figures: null };
  held.attuneFigures.set(db, kept);
  if (!kept.figures || performance.now() - kept.figures.at > KEPT_MS) {
    const figures = { at: performance.now(), read: read(db, kept.promotions) };
    kept.figures = figures;
    figures.read.catch(() => {
      kept.figures = null;
    });
  }
  return kept.figures.read;
}

async function read(db: Product['db'], kept: KeptPromotions): Promise<FiguresView> {
  const [promotions, rewardAccuracy, swaps, rollbacks] = await Promise.all([
    readPromotions(db, kept),
    readRewardAccuracy(db),
    readSwaps(db),
    readRollbacks(db),
  ]);
  return {
    votesPerPoint: votesPerPoint(promotions),
    rewardAccuracy,
    voteToBehaviour: spreadOf(promotions.flatMap(({ waits }) => [...waits])),
    swapErrors: swapErrors(swaps),
    rollback: spreadOf(rollbacks),
    promotions: promotions.map(({ waits: _, ...promotion }) => promotion),
  };
}

/** Without what tells about few votes. Throws FORBIDDEN unless an admin has made the figures public. */
export async function readPublicFigures(product: Product): Promise<Figures> {
  if (!(await readSettings(product.db)).publicFigures)
    throw new AttuneError('FORBIDDEN', 'The figures are not public. An administrator can change that in the settings.');
  const { promotions: _, voteToBehaviour, votesPerPoint: votes, ...figures } = await readFigures(product);
  return {
    ...figures,
    rewardAccuracy: figures.rewardAccuracy.filter(({ n }) => n >= FEWEST_PEOPLE),
    voteToBehaviour: voteToBehaviour && voteToBehaviour.n >= FEWEST_PEOPLE ? voteToBehaviour : null,
    votesPerPoint: votes.votes >= FEWEST_PEOPLE ? votes : { value: null, n: 0, votes: 0, points: 0 },
  };
}
