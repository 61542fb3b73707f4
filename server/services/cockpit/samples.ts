// Reads the last answers of people who let administrators read what nobody has rated.
import { sql } from 'drizzle-orm';
import { beginningOf } from '@/core/text/beginning';
import type { Executor } from '@/db/client';
import { conversation, feedback, generation, message } from '@/db/schema';
import type { SampleView } from './views';

const MOST_SAMPLES = 6;
/** The newest answers are searched for those that may be read, and not more of them. */
const SEARCHED = 300;
/** Characters of a question or an answer. */
const LONGEST = 240;

interface Row extends Record<string, unknown> {
  id: string;
  version_id: string;
  at: string;
  question: string | null;
  answer: string;
  up: boolean | null;
}

export async function readSamples(db: Executor): Promise<SampleView[]> {
  const { rows } = await db.execute<Row>(sql`
    select g.id, g.version_id, g.created_at as at, asked.content as question, answered.content as answer,
      (select bool_and((f.value ->> 'up')::boolean) from ${feedback} f
        where f.generation_id = g.id and f.kind = 'thumb' and f.excluded_at is null) as up
    from (select id, version_id, message_id, conversation_id, created_at from ${generation}
      where status = 'done' and version_id is not null order by created_at desc limit ${SEARCHED}) g
    join ${conversation} c on c.id = g.conversation_id
      and c.allow_training and c.readers_named and c.prompt_set_id is null
    join ${message} answered on answered.id = g.message_id
    left join ${message} asked on asked.id = answered.parent_id
    order by g.created_at desc limit ${MOST_SAMPLES}`);
  return rows.map(({ id, version_id, at, question, answer, up }) => ({
    generationId: id,
    versionId: version_id,
    createdAt: new Date(at),
    question: beginningOf(question ?? '', LONGEST),
    answer: beginningOf(answer, LONGEST),
    thumb: up === null ? null : up ? 'up' : 'down',
  }));
}
