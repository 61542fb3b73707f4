// The dialogue filter on hand-made documents: each kind that is kept, each reason to drop, and the resulting turns.
import { describe, expect, it } from 'vitest';
import { growth } from '@/test/unit/growth';
import { type DropReason, judgeDialogue } from '@/trainer/data/dialogue/filter';
import { answerer, asMessages, makePairs, PAIR_LIMITS, pairKey } from '@/trainer/data/dialogue/pairs';
import { readParagraphs } from '@/trainer/data/dialogue/turns';

const blocks = (...paragraphs: string[]) => paragraphs.join('\n\n');

const INTERVIEW = blocks(
  'Gopher: What is your favourite animal?',
  'Dr Smith: I am fond of the axolotl, which never grows up.',
  'Gopher: Why that one?',
  'Dr Smith: It grows back its legs.',
  'Gopher: Could people learn that?',
  'Dr Smith: Not yet, but we study how it is done.',
);

const turnsOf = (text: string) => {
  const judged = judgeDialogue(text);
  if ('dropped' in judged) throw new Error(`dropped: ${judged.dropped} (${judged.detail})`);
  return judged.turns;
};
const said = (text: string) => turnsOf(text).map(({ speaker, text }) => `${speaker}|${text}`);
const reasonOf = (text: string): DropReason | 'kept' => {
  const judged = judgeDialogue(text);
  return 'dropped' in judged ? judged.dropped : 'kept';
};

describe('documents that are kept', () => {
  it('an interview with names and colons', () => {
    expect(said(INTERVIEW)[1]).toBe('DR SMITH|I am fond of the axolotl, which never grows up.');
    expect(turnsOf(INTERVIEW)).toHaveLength(6);
  });

  it.each([
    ['names with titles and a dash', (q: string) => `Prof. O’Neil-Ruiz - ${q}`, (a: string) => `Dr Smith – ${a}`],
    ['Q. and A.', (q: string) => `Q. ${q}`, (a: string) => `A. ${a}`],
    ['numbered questions', (q: string, i: number) => `Q${i + 1}: ${q}`, (a: string, i: number) => `A${i + 1}: ${a}`],
    ['numbered speakers', (q: string) => `Speaker 1: ${q}`, (a: string) => `Speaker 2: ${a}`],
    ['bold names', (q: string) => `**Host:** ${q}`, (a: string) => `**Guest**: ${a}`],
    ['Cyrillic names', (q: string) => `Журналист: ${q}`, (a: string) => `Пётр Иванов: ${a}`],
    ['full-width colons without a blank', (q: string) => `記者：${q}`, (a: string) => `山田：${a}`],
    ['times before the name', (q: string) => `[00:01:02] Ann: ${q}`, (a: string) => `12:30 Bob: ${a}`],
    ['times and cues after the name', (q: string) => `Ann (00:12): ${q}`, (a: string) => `BOB [off camera]: ${a}`],
    ['initials', (q: string) => `M. ${q}`, (a: string) => `K. ${a}`],
  ])('with %s', (_, ask, completion) => {
    const text = blocks(...['One?', 'Two?', 'Three?'].flatMap((q, i) => [ask(q, i), completion(`Yes, ${q}`, i)]));
    const turns = turnsOf(text);
    expect(turns.map(({ text }) => text)).toEqual(['One?', 'Yes, One?', 'Two?', 'Yes, Two?', 'Three?', 'Yes, Three?']);
    expect(new Set(turns.map(({ speaker }) => speaker)).size).toBe(2);
  });

  it('with one line per turn, CRLF, a byte-order mark, zero-width and no-break blanks', () => {
    const lines = INTERVIEW.replaceAll('\n\n', '\r\n').replaceAll(': ', '\u200b:\u00a0');
    expect(said(`\ufeff${lines}\r\n`)).toEqual(said(INTERVIEW));
  });

  it('with decomposed accents: one speaker, not two', () => {
    const mixed = blocks(
      ...[1, 2, 3].flatMap((i) => [`Zoe\u0308: Are we ${i}?`, `Ana: We are ${i}.`, `Zo\u00eb: Good.`]),
    );
    expect(new Set(turnsOf(mixed).map(({ speaker }) => speaker))).toEqual(new Set(['ZOË', 'ANA']));
  });

  it('without the stage directions, and never with an empty turn', () => {
    const text = blocks(
      '[The lights go up.]',
      'Ann: Hello (laughs), who is there [a door slams] ?',
      '(applause)',
      'Bob: [enters]',
      'Ann: Bob!',
      'Bob: *sighs* It is me (as always).',
      '00:12:03 --> 00:12:09',
      'Ann: Come in.',
      'Bob: Thank you.',
    );
    expect(said(text)).toEqual([
      'ANN|Hello, who is there?\n\nBob!',
      'BOB|It is me (as always).',
      'ANN|Come in.',
      'BOB|Thank you.',
    ]);
  });

  it('with wrapped lines, and several paragraphs of one speaker as one turn', () => {
    const text = blocks(
      'Ann: One\ntwo',
      'Bob: Three',
      'Bob: four',
      'Ann: Five',
      'Bob: Six',
      'Ann:',
      'Seven: the last.',
    );
    // A bare "Ann:" takes the next block only if that block has no speaker.
    expect(readParagraphs('Ann:\n\nJust this').map(({ text }) => text)).toEqual(['Just this']);
    expect(readParagraphs(text)[0]).toEqual({ speaker: 'ANN', text: 'One two' });
    expect(said(blocks('Ann: One\ntwo', 'Bob: Three', 'Bob: four', 'Ann: Five', 'Bob: Six', 'Ann: Ok'))).toEqual([
      'ANN|One two',
      'BOB|Three\n\nfour',
      'ANN|Five',
      'BOB|Six',
      'ANN|Ok',
    ]);
  });

  it('a sentence, a link or a time with a colon is not a speaker', () => {
    expect(readParagraphs('See https://example.org for it')[0]!.speaker).toBeNull();
    expect(readParagraphs('At 12:30 we left')[0]!.speaker).toBeNull();
    expect(readParagraphs('There is only one thing that matters: time')[0]!.speaker).toBeNull();
    expect(readParagraphs('well-known and cheap')[0]!.speaker).toBeNull();
    expect(readParagraphs('Q. What do you want: money?')[0]).toEqual({
      speaker: 'Q',
      text: 'What do you want: money?',
    });
    expect(readParagraphs('J. Smith: Hi')[0]!.speaker).toBe('J SMITH');
  });
});

describe('documents that are dropped', () => {
  const five = INTERVIEW.split('\n\n').slice(0, 5);
  it.each<[DropReason, string, string]>([
    ['empty', 'nothing', ' \n\n\ufeff'],
    ['empty', 'only stage directions', blocks('[Music]', '(applause)', '* * *')],
    ['too_few_paragraphs', 'five turns', blocks(...five)],
    ['unprefixed_paragraph', 'a paragraph of prose in between', blocks(...five, 'They went on walking.', 'Ann: Yes.')],
    ['unprefixed_paragraph', 'prose', blocks(...Array.from({ length: 8 }, (_, i) => `This is paragraph ${i}.`))],
    ['one_speaker', 'a speech', blocks(...[1, 2, 3, 4, 5, 6].map((i) => `Ann: Point ${i}.`))],
    [
      'not_repeated',
      'a fact sheet',
      blocks('Name: Ann', 'Age: 40', 'Town: Rome', 'Job: Pilot', 'Pet: Cat', 'Food: Rice'),
    ],
    [
      'not_repeated',
      'a list from A to F',
      blocks(...['A', 'B', 'C', 'D', 'E', 'F'].map((x) => `${x}. The ${x} of it`)),
    ],
    ['labels', 'mail', blocks(...[1, 2, 3].flatMap((i) => ['From: Ann', `Subject: Re ${i}`, 'To: Bob']))],
    ['labels', 'a log', blocks(...[1, 2, 3].flatMap((i) => [`INFO: Start of ${i}`, `ERROR: End of ${i}`]))],
    ['labels', 'a list of tasks', blocks(...[1, 2, 3].flatMap((i) => [`To-do: Mend ${i}`, `Note: It is ${i}`]))],
    ['labels', 'steps', blocks(...[1, 2, 3, 1, 2, 3].map((i) => `Step ${i}: Stir well.`))],
    [
      'no_exchange',
      'two speeches',
      blocks(...['Ann', 'Bob'].flatMap((n) => [1, 2, 3, 4, 5].map((i) => `${n}: Point ${i}.`))),
    ],
    ['not_prose', 'figures', blocks(...[1, 2, 3].flatMap(() => ['Left: 12 13 14 15 +++', 'Right: 99 98 97 96 ---']))],
  ])('%s: %s', (reason, _, text) => {
    expect(reasonOf(text)).toBe(reason);
  });

  it('says what was seen', () => {
    expect(judgeDialogue(blocks(...five))).toEqual({ dropped: 'too_few_paragraphs', detail: '5 paragraphs' });
    const prose = judgeDialogue(blocks(...five, 'They went on.'));
    expect(prose).toEqual({ dropped: 'unprefixed_paragraph', detail: '"They went on."' });
  });
});

describe('demonstrations', () => {
  const talk = (...lines: string[]) =>
    lines.map((line) => ({ speaker: line.split('|')[0]!, text: line.split('|')[1]! }));

  it('come from the person who answers: found by name, or else as the one who asks least', () => {
    expect(answerer(talk('Q|Why?', 'A|So.', 'Q|And?', 'A|Well?'))).toBe('A');
    expect(answerer(turnsOf(INTERVIEW))).toBe('DR SMITH');
    expect(answerer(talk('ANN|I see.', 'HOST|Go on.', 'ANN|Well?', 'HOST|Yes.'))).toBe('ANN');
    expect(answerer(talk('ANN|Hi.', 'BOB|Hello.', 'ANN|Fine.', 'BOB|Good.'))).toBe('BOB'); // a tie: the later one
  });

  it('are one for each answer, with whole exchanges of history that is not learnt', () => {
    const { pairs } = makePairs(turnsOf(INTERVIEW), PAIR_LIMITS);
    expect(pairs).toHaveLength(3);
    expect(pairs[0]!.messages).toEqual([
      { role: 'user', content: 'What is your favourite animal?' },
      { role: 'assistant', content: 'I am fond of the axolotl, which never grows up.' },
    ]);
    expect(pairs[2]!.messages.map(({ role, weight }) => [role, weight])).toEqual([
      ['user', undefined],
      ['assistant', 0],
      ['user', undefined],
      ['assistant', 0],
      ['user', undefined],
      ['assistant', undefined],
    ]);
    // The second exchange has 3 + 5 words, the first 5 + 9: eight words of history leave room only for the second.
    const short = makePairs(turnsOf(INTERVIEW), { ...PAIR_LIMITS, historyWords: 8 }).pairs[2]!;
    expect(short.messages.map(({ content }) => content)[0]).toBe('Why that one?');
    expect(makePairs(turnsOf(INTERVIEW), { ...PAIR_LIMITS, historyWords: 7 }).pairs[2]!.messages).toHaveLength(2);
  });

  it('begin with a question and end with an answer', () => {
    const messages = asMessages(talk('A|I begin.', 'Q|Why?', 'A|So.', 'Q|Bye.'));
    expect(messages.map(({ content }) => content)).toEqual(['Why?', 'So.', 'Bye.']);
    expect(makePairs(talk('A|I begin.', 'Q|Why?', 'A|So.', 'Q|Bye.'), PAIR_LIMITS).pairs).toHaveLength(1);
  });

  it('name the askers if there are several', () => {
    const turns = talk('ANN LEE|Why?', 'BOB|And how?', 'A|So.', 'ANN LEE|I see?', 'A|Yes.');
    expect(asMessages(turns)[0]!.content).toBe('Ann Lee: Why?\n\nBob: And how?');
  });

  it('leave out answers that were not heard or are too long', () => {
    const turns = talk(
      'Q|Why?',
      'A|Because of the [inaudible] there.',
      'Q|And?',
      `A|${'very '.repeat(300)}`,
      'Q|So?',
      'A|Yes.',
    );
    expect(makePairs(turns, PAIR_LIMITS).dropped).toEqual(['inaudible', 'too_long']);
    expect(makePairs(turns, PAIR_LIMITS).pairs).toHaveLength(1);
  });

  it('are the same if only case and blanks differ', () => {
    const pair = (question: string) => ({
      messages: [
        { role: 'user' as const, content: question },
        { role: 'assistant' as const, content: 'Yes.' },
      ],
    });
    expect(pairKey(pair('Is  it\nso?'))).toBe(pairKey(pair('is it so?')));
    expect(pairKey(pair('Is it so?'))).not.toBe(pairKey(pair('Is it?')));
  });
});

describe('long documents take time that grows with their length', () => {
  it.each<[string, (lines: number) => string]>([
    ['lines of one paragraph', (lines) => `Ann: Well.${'\nand so on'.repeat(lines)}`],
    ['turns', (lines) => 'Ann: Why?\n\nBob: So it is.\n\n'.repeat(lines / 2)],
    [
      'speakers',
      (lines) => Array.from({ length: lines / 2 }, (_, i) => `P${i}: Why?\n\nP${i}: So.\n\nBob: Yes.`).join('\n\n'),
    ],
    ['turns without a word', (lines) => 'Ann: …\n\nBob: !\n\n'.repeat(lines / 2)],
  ])('%s', (_, make) => {
    const work = (lines: number) => {
      const turns = readParagraphs(make(lines)).map(({ speaker, text }) => ({ speaker: speaker ?? '', text }));
      judgeDialogue(make(lines));
      makePairs(turns, PAIR_LIMITS);
    };
    expect(growth(work, 3000)).toBeLessThan(3);
  });
});
