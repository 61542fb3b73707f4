// The toxicity classifier beside obscenity and alt-profanity-check, on rows that it was not fitted on.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from 'obscenity';
import { featuresOf } from '@/core/classifier/features';
import { classify } from '@/core/classifier/linear-classifier';
import { readLines } from '@/core/exchange/lines';
import { CLASSIFIER_DEFAULTS, fitClassifier } from '@/trainer/classifier/fit';
import { runPython } from '../peers/python';
import { type ConstraintRow, scoreOf } from './row';

interface Row {
  set: string;
  text: string;
  isToxic: boolean;
  /** Only in fitting. */
  isExtra?: true;
  /** Between 0 and 1, by a hash of what must not be split: the same row is always on the same side. */
  place: number;
}

/** Rows up to here are fitted on; the rest is only measured. */
const FITTED = 0.7;
const MOST_TURNS = 1000;

async function readRows(data: string): Promise<Row[]> {
  const rows: Row[] = [];
  const extra = (set: string, text: string, isToxic: boolean, place = placeOf(text)) =>
    rows.push({ set, text, isToxic, place, isExtra: true });
  for await (const { text } of readLines(path.join(data, 'wiki-toxicity/dev.jsonl.gz'))) {
    const row = JSON.parse(text);
    if (row.comment === undefined) continue;
    const place = placeOf(row.rev_id);
    if (row.fuzzed) extra('fuzzed', row.comment, row.toxic, place);
    else rows.push({ set: 'wiki-toxicity dev', text: row.comment, isToxic: row.toxic, place });
  }
  for await (const { text } of readLines(path.join(data, 'davidson-tweets/dev.jsonl.gz'))) {
    const row = JSON.parse(text);
    rows.push({ set: 'davidson-tweets dev', text: row.text, isToxic: row.cls !== 2, place: placeOf(row.text) });
  }
  for await (const { text } of readLines(path.join(data, 'surge-toxicity/dev.jsonl.gz'))) {
    const row = JSON.parse(text);
    extra('surge-toxicity', row.text, row.is_toxic === 'Toxic');
  }
  for await (const { text } of readLines(path.join(data, 'surge-profanity/dev.jsonl.gz'))) {
    const row = JSON.parse(text);
    if (Number(row.severity_rating) >= 1) extra('words', row.text, true);
  }
  let turns = 0;
  for await (const { text } of readLines(path.join(data, 'self-dialogue/dev.jsonl.gz'))) {
    for (const turn of (JSON.parse(text).turns as string[]).slice(0, 4)) extra('turns', turn, false);
    turns += 4;
    if (turns >= MOST_TURNS) break;
  }
  return rows;
}

/** Every set and label counts as this many rows, but a row as three at most: the tweets would drown the comments. */
const ROWS_OF_EACH = 2000;
const MOST_WEIGHT = 3;

function weightsOf(rows: readonly Row[]): number[] {
  const keyOf = ({ set, isToxic }: Row) => `${set} ${isToxic}`;
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return rows.map((row) => Math.min(MOST_WEIGHT, ROWS_OF_EACH / counts.get(keyOf(row))!));
}

const placeOf = (key: string) =>
  Number.parseInt(createHash('sha256').update(key).digest('hex').slice(0, 8), 16) / 2 ** 32;

function score(rows: readonly Row[], verdicts: readonly boolean[]) {
  const count = (test: (isHit: boolean, isToxic: boolean) => boolean) =>
    rows.filter(({ isToxic }, i) => test(verdicts[i]!, isToxic)).length;
  const right = count((isHit, isToxic) => isHit && isToxic);
  const precision =
    right /
    Math.max(
      1,
      count((isHit) => isHit),
    );
  const recall =
    right /
    Math.max(
      1,
      count((_, isToxic) => isToxic),
    );
  return scoreOf(precision, recall);
}

/** `data` holds the sets; `python` is an interpreter that has requirements-constraints.txt. */
export async function compareToxicity(python: string, data: string): Promise<ConstraintRow[]> {
  const rows = await readRows(data);
  const fitted = rows.filter(({ place }) => place < FITTED);
  const weights = weightsOf(fitted);
  const fitRows = fitted.map(({ text, isToxic }, i) => ({
    features: featuresOf(text),
    labels: new Set(isToxic ? ['toxic'] : []),
    weight: weights[i]!,
  }));
  const { labels, thresholds } = fitClassifier(fitRows, CLASSIFIER_DEFAULTS);
  const obscenity = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
  const result: ConstraintRow[] = [];
  for (const set of new Set(rows.filter(({ isExtra }) => !isExtra).map((row) => row.set))) {
    const held = rows.filter((row) => row.set === set && row.place >= FITTED);
    const { ms: msPerTurn, verdicts } = timed(held, ({ text }) => classify(labels, text).toxic! >= thresholds.toxic!);
    const ours = { set, rule: 'classifier', ...score(held, verdicts), msPerTurn };
    const bySwearing = timed(held, ({ text }) => obscenity.hasMatch(text));
    const {
      probabilities,
      name,
      msPerTurn: peerMsPerTurn,
    } = JSON.parse(
      await runPython(
        python,
        [path.join(import.meta.dirname, '../peers/profanity-check.py')],
        JSON.stringify(held.map(({ text }) => text)),
      ),
    ) as { probabilities: number[]; name: string; msPerTurn: number };
    const peers = [
      { peer: 'obscenity', peerMsPerTurn: bySwearing.ms, score: score(held, bySwearing.verdicts) },
      {
        peer: name,
        peerMsPerTurn,
        score: score(
          held,
          probabilities.map((one) => one >= 0.5),
        ),
      },
    ];
    for (const {
      peer,
      peerMsPerTurn,
      score: { f1, precision, recall },
    } of peers)
      result.push({ ...ours, peer, peerF1: f1, peerPrecision: precision, peerRecall: recall, peerMsPerTurn });
  }
  return result;
}

function timed(rows: readonly Row[], judge: (row: Row) => boolean): { ms: number; verdicts: boolean[] } {
  rows.slice(0, 100).forEach(judge);
  const start = process.cpuUsage();
  const verdicts = rows.map(judge);
  return { ms: process.cpuUsage(start).user / 1000 / Math.max(1, rows.length), verdicts };
}
