// Gathers people's feedback with everything that it is about, and turns each value into rows.
import type { Base, ChatMessage } from '@/core/base/base';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { languageOf } from '@/core/text/language';
import { raterIdOf } from '@/core/trust/rater-id';
import type { Executor } from '@/db/client';
import { reportRaters, trustIn } from '@/db/raters/trust';
import { readSettings } from '@/db/settings';
import type { UnsplitRow } from '../snapshot';
import { tokenSource } from '../token-source';
import { flawsOf } from './flaws';
import { givenRows, type Origin, type Subjects } from './rows';
import {
  type Dialogues,
  type GivenFeedback,
  selectAnsweredPrompts,
  selectAnswers,
  selectDialogues,
  selectFeedback,
  selectQuestionnaires,
} from './selection';

/** A row, and where its prompt comes from. */
export interface Draft {
  row: UnsplitRow;
  conversation: string;
  person: string;
}

interface Gathering {
  upTo: Date;
  base: Base;
  tally(name: string): void;
}

export async function gatherFeedback(tx: Executor, { upTo, base, tally }: Gathering): Promise<Draft[]> {
  const given = await selectFeedback(tx, upTo);
  const asked = given.flatMap(({ kind, messageId }) => (kind === 'demonstration' ? [messageId!] : []));
  const source = tokenSource(base, tally);
  const report = await reportRaters(tx);
  const trustOf = trustIn(report);
  const dialogues = await selectDialogues(tx, asked);
  const subjects: Subjects = {
    answers: await selectAnswers(tx, [...new Set(given.flatMap(judgedIds))]),
    promptOf: await promptReader(tx, asked, dialogues, source.promptIds),
    encode: source.completionIds,
    flaws: flawsOf(await selectQuestionnaires(tx), given),
  };
  return given.flatMap((one) => {
    const { id, kind, userId, conversation, person } = one;
    const rows = givenRows(one, subjects);
    if (typeof rows === 'string') tally(`left_out/${rows}`);
    if (rows === null || typeof rows === 'string') return [];
    const question = dialogues.get(one.messageId ?? '')?.content ?? questionOf(one, subjects);
    const groups = { ...one.groups, language: languageOf(question) };
    const from: Origin = {
      ...{ raterId: raterIdOf(userId), feedbackId: id, trust: trustOf(userId, kind), groups },
      ...(report.standings.get(userId)?.standing === 'trusted' && { isVouchedFor: true }),
      ...(one.isByJudge && { isByJudge: true }),
    };
    return rows.map((row): Draft => ({ row: { ...row, ...from } as UnsplitRow, conversation, person }));
  });
}

/** The answers that a value is about. */
function judgedIds({ kind, value, generationId, left, right }: GivenFeedback): string[] {
  if (kind === 'best_of') return (value as FeedbackValue<'best_of'>).generationIds;
  if (kind === 'ranking') return (value as FeedbackValue<'ranking'>).order.flat();
  return [generationId, left, right].filter((id) => id !== null);
}

const questionOf = (given: GivenFeedback, { answers }: Subjects) =>
  answers.get(judgedIds(given)[0] ?? '')?.question ?? '';

/** A message that was never answered is put into the template with what was said before it. */
async function promptReader(
  tx: Executor,
  messageIds: readonly string[],
  dialogues: Dialogues,
  render: (turns: ChatMessage[], place: string) => number[] | null,
): Promise<Subjects['promptOf']> {
  const answered = await selectAnsweredPrompts(tx, messageIds);
  const { systemPrompt } = await readSettings(tx);
  const system: ChatMessage[] = systemPrompt ? [{ role: 'system', content: systemPrompt }] : [];
  return (id) => answered.get(id) ?? render([...system, ...turnsUpTo(dialogues, id)], `message ${id}`);
}

function turnsUpTo(dialogues: Dialogues, id: string): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (let at = dialogues.get(id); at; at = dialogues.get(at.parentId ?? ''))
    turns.unshift({ role: at.role, content: at.content });
  return turns;
}
