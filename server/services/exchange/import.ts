// Imports data sets: checks every line first, stores them step by step, and lets nothing be used before all are there.
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Base } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { type ReadLine, readExchangeLine } from '@/core/exchange/formats';
import { fingerprint, readLines } from '@/core/exchange/lines';
import type { QuestionnaireRecord } from '@/core/exchange/record';
import { uuidOf } from '@/core/hash';
import { recordAudit } from '@/db/audit';
import type { Database, Executor } from '@/db/client';
import { insertAll } from '@/db/many';
import {
  comparison,
  constraintHit,
  conversation,
  feedback,
  feedbackHistory,
  generation,
  importedFile,
  importedPerson,
  message,
  promptSet,
  questionnaire,
  user,
} from '@/db/schema';
import { type ConversationRows, type Place, rowsOf } from './rows';

/** Sets of one name are one set, in every database. */
const SETS = '6f5d0e2e-4b1c-5d0e-9c55-2f1d6f0a7c11';
const LINES_A_STEP = 200;
/** A step with long lines is shorter. */
const CHARACTERS_A_STEP = 8_000_000;
const MOST_ERRORS = 20;

export interface ImportReport {
  lines: number;
  /** Conversations that this import added, and those that were there before or stand in the file twice. */
  added: number;
  present: number;
  feedback: number;
  /** For each reason: the number of lines, and where the first is. */
  leftOut: Record<string, { count: number; first: string }>;
  /** The set had the whole file already. */
  isRepeated: boolean;
}

interface ImportOptions {
  /** The set that it belongs to. */
  name: string;
  /** Who imports, and thereby consents. */
  by: string;
  /** Share of the file, first while it is checked, then while it is stored. */
  onProgress?: (step: 'check' | 'store', share: number) => void;
  signal?: AbortSignal;
}

/**
 * Throws BAD_INPUT that lists the wrong lines; then nothing is stored. An import that breaks off continues when the
 * same file is imported again; until it is complete, its conversations have no consent, and so nothing reads them.
 */
export async function importFile(
  { db, base }: { db: Database; base: Base },
  file: string,
  { name, by, onProgress, signal }: ImportOptions,
): Promise<ImportReport> {
  const { sha256, size } = await fingerprint(file);
  const setId = uuidOf(SETS, name);
  const report: ImportReport = { lines: 0, added: 0, present: 0, feedback: 0, leftOut: {}, isRepeated: false };
  const before = await findFile(db, setId, sha256);
  if (before?.finishedAt) return { ...report, isRepeated: true };
  await checkLines(file, report, (bytes) => onProgress?.('check', bytes / size), signal);
  const started = await begin(db, { setId, name, by, sha256, file });
  const place: Place = { setId, setName: name, fileSha256: sha256, now: started.createdAt };

  let done = started.linesDone;
  let step: { number: number; text: string }[] = [];
  let characters = 0;
  const store = async () => {
    const last = step.at(-1);
    if (!last) return;
    await db.transaction(async (tx) => {
      await advance(tx, setId, sha256, done, last.number);
      const read = step.map(({ number, text }) => ({ read: readExchangeLine(text, `${file}:${number}`), text }));
      await storeQuestionnaires(
        tx,
        read.flatMap(({ read }) => ('own' in read && 'questionnaire' in read.own ? [read.own] : [])),
        name,
      );
      const rows = read.flatMap(({ read, text }, i) => {
        const found = conversationOf(read, text, place, base);
        if (found === 'too long') leaveOut(report, 'longer than the base can read', `${file}:${step[i]!.number}`);
        return found && found !== 'too long' ? [found] : [];
      });
      await storeConversations(tx, rows, setId, report);
    });
    done = last.number;
    [step, characters] = [[], 0];
  };
  for await (const { number, text, bytes } of readLines(file, signal)) {
    if (number <= started.linesDone) continue;
    step.push({ number, text });
    characters += text.length;
    if (step.length < LINES_A_STEP && characters < CHARACTERS_A_STEP) continue;
    await store();
    onProgress?.('store', bytes / size);
  }
  await store();
  if ((await fingerprint(file)).sha256 !== sha256)
    throw new AttuneError(
      'CONFLICT',
      `${file} changed while it was imported, so nothing of it is used. Import it again.`,
    );
  await finish(db, { setId, name, sha256, lines: done });
  return report;
}

async function checkLines(
  file: string,
  report: ImportReport,
  onBytes: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const errors: string[] = [];
  for await (const { number, text, bytes } of readLines(file, signal)) {
    report.lines++;
    try {
      const read = readExchangeLine(text, `${file}:${number}`);
      if ('leftOut' in read) leaveOut(report, read.leftOut, `${file}:${number}`);
    } catch (error) {
      if (!(error instanceof AttuneError)) throw error;
      errors.push(error.message);
      if (errors.length > MOST_ERRORS) break;
    }
    if (number % 100 === 0) onBytes(bytes);
  }
  if (report.lines === 0) throw new AttuneError('BAD_INPUT', `${file} has no lines. Give one object a line.`);
  if (errors.length === 0) return;
  const shown = errors.slice(0, MOST_ERRORS).join('\n');
  const more = errors.length > MOST_ERRORS ? `\nThere are more than ${MOST_ERRORS} wrong lines.` : '';
  throw new AttuneError('BAD_INPUT', `${shown}${more}\nNothing was imported. Correct or remove these lines.`);
}

function leaveOut(report: ImportReport, reason: string, first: string): void {
  report.leftOut[reason] ??= { count: 0, first };
  report.leftOut[reason].count++;
}

async function findFile(tx: Executor, setId: string, sha256: string) {
  const isIt = and(eq(importedFile.promptSetId, setId), eq(importedFile.sha256, sha256));
  const [row] = await tx.select().from(importedFile).where(isIt);
  return row ?? null;
}

async function begin(
  db: Database,
  { setId, name, by, sha256, file }: { setId: string; name: string; by: string; sha256: string; file: string },
) {
  return db.transaction(async (tx) => {
    await tx.insert(promptSet).values({ id: setId, name, createdBy: by }).onConflictDoNothing();
    await tx.insert(importedFile).values({ promptSetId: setId, sha256, name: file }).onConflictDoNothing();
    return (await findFile(tx, setId, sha256))!;
  });
}

/** The row is locked until the step is stored, so that of two imports of one file each line is stored by one. */
async function advance(tx: Executor, setId: string, sha256: string, from: number, to: number): Promise<void> {
  const moved = await tx
    .update(importedFile)
    .set({ linesDone: to })
    .where(and(eq(importedFile.promptSetId, setId), eq(importedFile.sha256, sha256), eq(importedFile.linesDone, from)))
    .returning({ done: importedFile.linesDone });
  if (moved.length === 0)
    throw new AttuneError('CONFLICT', 'Another process imports this file at the moment. Wait until it has finished.');
}

/** Consent is given to all of the file at once; the trigger notes when. */
async function finish(
  db: Database,
  { setId, name, sha256, lines }: { setId: string; name: string; sha256: string; lines: number },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx
      .update(importedFile)
      .set({ finishedAt: sql`now()` })
      .where(and(eq(importedFile.promptSetId, setId), eq(importedFile.sha256, sha256)));
    await tx
      .update(conversation)
      .set({ allowTraining: true })
      .where(and(eq(conversation.promptSetId, setId), eq(sql`${conversation.origin} ->> 'file'`, sha256)));
    await recordAudit(tx, null, 'feedback.import', setId, { name, lines });
  });
}

function conversationOf(read: ReadLine, text: string, place: Place, base: Base): ConversationRows | 'too long' | null {
  if ('leftOut' in read) return null;
  const given = 'own' in read ? read.own : read;
  return 'questionnaire' in given ? null : (rowsOf(given, text, place, base) ?? 'too long');
}

/** Answers name a questionnaire by its id. A name and version that are taken here get the set's name as well. */
async function storeQuestionnaires(tx: Executor, records: QuestionnaireRecord[], setName: string): Promise<void> {
  for (const { questionnaire: given } of records) {
    const taken = await tx
      .select({ id: questionnaire.id, name: questionnaire.name, version: questionnaire.version })
      .from(questionnaire)
      .where(and(eq(questionnaire.name, given.name), eq(questionnaire.version, given.version)));
    const name = taken.some(({ id }) => id !== given.id) ? `${given.name} (${setName})` : given.name;
    await tx
      .insert(questionnaire)
      .values({ ...given, name })
      .onConflictDoNothing();
  }
}

async function storeConversations(
  tx: Executor,
  read: ConversationRows[],
  setId: string,
  report: ImportReport,
): Promise<void> {
  const byId = new Map(read.map((rows) => [rows.conversation.id, rows]));
  const there = await tx
    .select({ id: conversation.id })
    .from(conversation)
    .where(inArray(conversation.id, [...byId.keys()]));
  for (const { id } of there) byId.delete(id);
  report.present += read.length - byId.size;
  report.added += byId.size;
  const fresh = [...byId.values()];
  const people = new Map(fresh.flatMap((rows) => [...rows.people]));
  await insertAll([...people.values()], async (rows) => {
    await tx.insert(user).values(rows).onConflictDoNothing();
    const named = rows.map(({ id }) => ({ userId: id, promptSetId: setId }));
    await tx.insert(importedPerson).values(named).onConflictDoNothing();
  });
  const all = <T>(rowsIn: (rows: ConversationRows) => T[]) => fresh.flatMap(rowsIn);
  await insertAll(
    all((rows) => [rows.conversation]),
    (rows) => tx.insert(conversation).values(rows),
  );
  await insertAll(
    all((rows) => rows.messages),
    (rows) => tx.insert(message).values(rows),
  );
  await insertAll(
    all((rows) => rows.generations),
    (rows) => tx.insert(generation).values(rows),
  );
  await insertAll(
    all((rows) => rows.hits),
    (rows) => tx.insert(constraintHit).values(rows),
  );
  await insertAll(
    all((rows) => rows.comparisons),
    (rows) => tx.insert(comparison).values(rows),
  );
  await insertAll(
    all((rows) => rows.feedback),
    (rows) => tx.insert(feedback).values(rows),
  );
  await insertAll(
    all((rows) => rows.history),
    (rows) => tx.insert(feedbackHistory).values(rows),
  );
  report.feedback += all((rows) => rows.feedback).length;
}
