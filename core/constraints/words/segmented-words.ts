// Finds words of scripts that put no blanks between words, where a segmenter of the language says that a word begins and ends.
import type { Span } from '../scanner';
import type { Automaton } from './automaton';
import type { Character } from './characters';
import { Lane } from './lane';

/** Words of one language. */
export interface SegmentedList {
  /** As Intl.Segmenter knows it. */
  language: string;
  words: Automaton;
}

/** Characters before and after a candidate that the segmenter sees, so that a stream need not wait for the whole sentence. */
const WINDOW = 6;
/** Characters of a run that are kept before the oldest is dropped. */
const MOST_KEPT = 4096;

/**
 * Japanese particles that follow a noun. The segmenter does not know many of the words looked for and cuts "ちん|こと" in
 * place of "ちんこ|と", so a particle is an edge of a word, too.
 */
const PARTICLES = new Set('がをはにとのでもやへだ');

interface Candidate extends Span {
  /** Its first character and the one after its last, counted from the beginning of the run. */
  first: number;
  after: number;
}

export class SegmentedWords {
  private readonly lane: Lane;
  private readonly segmenter: Intl.Segmenter;
  /** The last characters of the run as they are written, the first of which is number `dropped`. */
  private written: string[] = [];
  private dropped = 0;
  private waiting: Candidate[] = [];

  constructor(
    { language, words }: SegmentedList,
    private readonly accept: (span: Span) => void,
  ) {
    this.lane = new Lane(words);
    this.segmenter = segmenterOf(language);
  }

  read({ codePoint, plain, wordClass }: Character, at: number, end: number): void {
    if (wordClass !== 2) {
      this.end();
      return;
    }
    this.lane.feed(codePoint, at, true, false);
    this.written.push(String.fromCodePoint(plain));
    const after = this.dropped + this.written.length;
    if (this.lane.ended > 0)
      this.waiting.push({ start: this.lane.startOf(this.lane.ended), end, first: after - this.lane.ended, after });
    while (this.waiting.length > 0 && this.waiting[0]!.after + WINDOW <= after) this.decide(this.waiting.shift()!);
    if (this.written.length > MOST_KEPT) {
      const most = this.lane.longest + 2 * WINDOW;
      this.dropped += this.written.length - most;
      this.written = this.written.slice(-most);
    }
  }

  /** The run ends, and with it a word. */
  end(): void {
    if (this.written.length === 0) return;
    for (const candidate of this.waiting) this.decide(candidate);
    this.waiting = [];
    this.written = [];
    this.dropped = 0;
    this.lane.reset();
  }

  /** Where an undecided match may begin; infinite if there is none. */
  get openFrom(): number {
    return Math.min(this.lane.openFrom, ...this.waiting.map(({ start }) => start));
  }

  private decide({ start, end, first, after }: Candidate): void {
    const from = Math.max(first - WINDOW, 0);
    const window = this.written.slice(from - this.dropped, after + WINDOW - this.dropped);
    const lengthOf = (characters: string[]) => characters.join('').length;
    const begin = lengthOf(window.slice(0, first - from));
    const stop = lengthOf(window.slice(0, after - from));
    const segments = [...this.segmenter.segment(window.join(''))];
    const isEdge = (at: number) => segments.some(({ index, segment }) => index === at || index + segment.length === at);
    const next = window[after - from] ?? '';
    if (isEdge(begin) && (isEdge(stop) || PARTICLES.has(next))) this.accept({ start, end });
  }
}

const segmenters = new Map<string, Intl.Segmenter>();

function segmenterOf(language: string): Intl.Segmenter {
  let known = segmenters.get(language);
  if (!known) {
    known = new Intl.Segmenter(language, { granularity: 'word' });
    segmenters.set(language, known);
  }
  return known;
}
