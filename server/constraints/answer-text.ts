// Turns an answer's tokens into the text that a person may see: whole characters, before a stop string, rules applied.
import type { Tokenizer } from '@/core/base';
import { type Hit, judge, type RuleSet, StreamFilter } from '@/core/constraints';

/** Text is held back while it may still turn out forbidden or the beginning of a stop string: what was shown never changes. */
export class AnswerText {
  private readonly decoder: ReturnType<Tokenizer['stream']>;
  private readonly filter: StreamFilter;
  private readonly longestStop: number;
  /** Decoded text that may yet become a stop string. */
  private held = '';
  /** The text without rules applied, as far as the filter has it. */
  private raw = '';
  private isStopped = false;
  /** What may be shown. */
  visible = '';

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly rules: RuleSet,
    private readonly stops: readonly string[],
  ) {
    this.decoder = tokenizer.stream();
    this.filter = new StreamFilter(rules);
    this.longestStop = Math.max(0, ...stops.map((stop) => stop.length));
  }

  push(ids: readonly number[]): void {
    let text = '';
    for (const id of ids) if (!this.tokenizer.isSpecial(id)) text += this.decoder.push(id);
    this.append(text);
  }

  /** Releases what was held back. */
  end(): void {
    this.append(this.decoder.end());
    if (!this.isStopped) this.show(this.held);
    this.held = '';
    this.visible += this.filter.end();
  }

  /** Of the text so far; offsets are those of the visible text, for a mask has the length of what it hides. */
  hits(): Hit[] {
    return judge(this.rules, this.raw).hits;
  }

  private append(text: string): void {
    if (this.isStopped || text === '') return;
    this.held += text;
    const at = this.stops.map((stop) => this.held.indexOf(stop)).filter((index) => index >= 0);
    if (at.length > 0) {
      this.isStopped = true;
      this.show(this.held.slice(0, Math.min(...at)));
      this.held = '';
      return;
    }
    let keep = Math.min(this.held.length, Math.max(0, this.longestStop - 1));
    while (keep > 0 && !this.stops.some((stop) => stop.startsWith(this.held.slice(-keep)))) keep--;
    this.show(this.held.slice(0, this.held.length - keep));
    this.held = this.held.slice(this.held.length - keep);
  }

  private show(text: string): void {
    // Postgres stores no U+0000.
    const storable = text.replaceAll('\0', '\uFFFD');
    this.raw += storable;
    this.visible += this.filter.push(storable);
  }
}
