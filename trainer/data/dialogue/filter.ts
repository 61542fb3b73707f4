// Decides whether a raw document is a dialogue or an interview, and finds its turns (Gopher's rule for MassiveWeb).
//
// Rae et al. 2021, appendix A: at least six paragraphs, all with a prefix that ends in a separator. Added here: how to
// tell speakers from labels, because recipes, logs and mail headers also have prefixes.
import { type Paragraph, readParagraphs } from './turns';

export interface Turn {
  speaker: string;
  text: string;
}

export const DROP_REASONS = {
  empty: 'no text',
  too_few_paragraphs: 'fewer than 6 paragraphs',
  unprefixed_paragraph: 'a paragraph without a speaker',
  labels: 'prefixes that are labels and not people (Note, From, Step 1)',
  one_speaker: 'only one speaker',
  not_repeated: 'speakers who rarely speak again: a list, not a conversation',
  no_exchange: 'speakers who do not take turns',
  not_prose: 'too many symbols and digits',
} as const;
export type DropReason = keyof typeof DROP_REASONS;

export type Judgement = { turns: Turn[] } | { dropped: DropReason; detail: string };

export const LEAST_PARAGRAPHS = 6;
const LABEL =
  /^(?:NOTES?|WARNING|CAUTION|TIP|HINT|EXAMPLE|SUMMARY|ABSTRACT|STEP|CHAPTER|SECTION|PART|FIGURE|FIG|TABLE|APPENDIX|FROM|TO|CC|BCC|SUBJECT|DATE|TIME|SENT|REPLY-TO|INGREDIENTS?|METHOD|DIRECTIONS|PRICE|ADDRESS|PHONE|EMAIL|WEBSITE|URL|SOURCE|TAGS?|CATEGORY|AUTHOR|TITLE|INFO|WARN|ERROR|DEBUG|TRACE|FATAL|TO-?DO|PROS?|CONS?|INPUT|OUTPUT|KEY|VALUE)(?: \d+)?$/u;

/** The turns of a dialogue, with successive paragraphs of one speaker joined; or why the text is not a dialogue. */
export function judgeDialogue(text: string): Judgement {
  const paragraphs = readParagraphs(text);
  if (paragraphs.length === 0) return { dropped: 'empty', detail: '0 paragraphs' };
  if (paragraphs.length < LEAST_PARAGRAPHS) {
    return { dropped: 'too_few_paragraphs', detail: `${paragraphs.length} paragraphs` };
  }
  const bare = paragraphs.find(({ speaker }) => speaker === null);
  if (bare) return { dropped: 'unprefixed_paragraph', detail: JSON.stringify(bare.text.slice(0, 40)) };
  const turns = joinTurns(paragraphs);
  return judgeSpeakers(paragraphs, turns) ?? judgeText(turns) ?? { turns };
}

function joinTurns(paragraphs: readonly Paragraph[]): Turn[] {
  const turns: Turn[] = [];
  for (const { speaker, text } of paragraphs) {
    const said = removeDirections(text);
    if (!said) continue;
    const before = turns.at(-1);
    if (before?.speaker === speaker) before.text = `${before.text}\n\n${said}`;
    else turns.push({ speaker: speaker!, text: said });
  }
  return turns;
}

function judgeSpeakers(paragraphs: readonly Paragraph[], turns: readonly Turn[]): Judgement | null {
  const counts = new Map<string, number>();
  for (const { speaker } of paragraphs) counts.set(speaker!, (counts.get(speaker!) ?? 0) + 1);
  const names = [...counts.keys()];
  const label = names.find((name) => LABEL.test(name));
  if (label) return { dropped: 'labels', detail: label };
  if (names.length === 1) return { dropped: 'one_speaker', detail: names[0]! };
  const regular = [...counts.values()].filter((count) => count > 1).length;
  if (regular < 2 || paragraphs.length < 2 * names.length) {
    return { dropped: 'not_repeated', detail: `${names.length} speakers in ${paragraphs.length} paragraphs` };
  }
  // Joining leaves a conversation most of its paragraphs, but merges a list of pros followed by a list of cons.
  if (turns.length < Math.max(4, paragraphs.length / 3)) {
    return { dropped: 'no_exchange', detail: `${turns.length} turns of ${paragraphs.length} paragraphs` };
  }
  return null;
}

function judgeText(turns: readonly Turn[]): Judgement | null {
  const text = turns.map((turn) => turn.text).join('');
  const letters = text.match(/[\p{L}\p{M}]/gu)?.length ?? 0;
  const signs = text.match(/\S/gu)?.length ?? 0;
  const share = letters / Math.max(1, signs);
  return share < 0.6 ? { dropped: 'not_prose', detail: `${Math.round(100 * share)} % letters` } : null;
}

const CUE =
  'laugh(?:s|ing|ter)?|chuckl(?:es|ing)|applause|cheer(?:s|ing)|pauses?|long pause|sighs?|coughs?|crosstalk|music|silence|smil(?:es|ing)|nods?|whisper(?:s|ing)|cries|crying';
const DIRECTIONS = new RegExp(
  `\\[(?!(?:inaudible|unintelligible|indistinct))[^\\]]{1,80}\\]|[(*](?:${CUE})[)*]`,
  'giu',
);

/** Removes "[door closes]", "(laughs)", "*sighs*". A mark of inaudible words stays, to be judged with its answer. */
const removeDirections = (text: string) =>
  text
    .replace(DIRECTIONS, ' ')
    .replace(/\s+([,.;:!?…])/gu, '$1')
    .replace(/ {2,}/gu, ' ')
    .trim();
