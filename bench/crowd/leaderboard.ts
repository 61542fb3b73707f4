// Ranks the models of data/pandalm-3raters by three people's votes: Elo, Bradley-Terry, and with control for style.
import { join } from 'node:path';
import { Rng } from '@/core/rng';
import { estimateCohenKappa, estimateFleissKappa } from '@/core/statistics/agreement/kappa';
import { estimateKrippendorffAlpha } from '@/core/statistics/agreement/krippendorff';
import { fitBradleyTerry } from '@/core/statistics/ratings/bradley-terry';
import { rateElo, rateEloInAnyOrder } from '@/core/statistics/ratings/elo';
import { CONTROLS, controlsOf, measureStyle, type Style } from '@/core/statistics/ratings/style';
import { DATA_FOLDER, readRows } from './sets';

interface Row {
  cmp_key: string;
  response1: string;
  response2: string;
  annotator1: number;
  annotator2: number;
  annotator3: number;
}

/** The file's codes: 1 and 2 name the better response, 0 is a tie. */
const SCORES = [0.5, 1, 0];

/** Without their tokenizers, words stand for tokens. */
const styleOf = (text: string): Style => measureStyle(text, text.split(/\s+/).filter(Boolean).length);

export function rankModels() {
  const rows = readRows<Row>(join(DATA_FOLDER, 'pandalm-3raters', 'dev.jsonl.gz'));
  const votes = rows.map(({ annotator1, annotator2, annotator3 }) => [annotator1, annotator2, annotator3]);
  // The file does not say which response people saw first.
  const controls = controlsOf(
    rows.map((row) => ({ a: styleOf(row.response1), b: styleOf(row.response2), first: null })),
  );
  const comparisons = rows.flatMap(({ cmp_key }, i) => {
    const [a, b] = cmp_key.split('_') as [string, string];
    return votes[i]!.map((vote) => ({ a, b, score: SCORES[vote]!, controls: controls[i]! }));
  });
  const plain = comparisons.map(({ controls: _, ...comparison }) => comparison);
  const controlled = fitBradleyTerry(comparisons, { ridge: 0.5 });
  const scores = votes.map((values) => values.map((vote) => SCORES[vote]!));
  const rng = new Rng(1);
  return {
    votes: comparisons.length,
    elo: Object.fromEntries(rateElo(plain)),
    eloInAnyOrder: rateEloInAnyOrder(plain, rng),
    bradleyTerry: fitBradleyTerry(plain).ratings,
    styleControlled: controlled.ratings,
    styleEffects: Object.fromEntries(CONTROLS.map((name, k) => [name, controlled.controls[k]])),
    agreement: {
      cohenOfFirstTwo: estimateCohenKappa(
        votes.map(([x, y]) => [`${x}`, `${y}`] as const),
        rng,
      ),
      fleiss: estimateFleissKappa(
        votes.map((values) => values.map(String)),
        rng,
      ),
      krippendorffNominal: estimateKrippendorffAlpha(votes, 'nominal', rng),
      krippendorffOrdinal: estimateKrippendorffAlpha(scores, 'ordinal', rng),
      krippendorffInterval: estimateKrippendorffAlpha(scores, 'interval', rng),
    },
  };
}
