// Walks a program over characters as a deterministic automaton, made on demand, that knows where each open match began.
import {
  type Instruction,
  LINE_BEGINS,
  LINE_ENDS,
  NO_WORD_EDGE,
  type Program,
  TEXT_BEGINS,
  TEXT_ENDS,
  WORD_EDGE,
} from './program';

/** What kind of character stands on one side of a place between characters. */
type Side = 'nothing' | 'line feed' | 'word' | 'other';

/** Open matches, the one that began first first, each at an instruction. Two at one place are one: the earlier. */
export interface State {
  readonly places: readonly number[];
  readonly before: Side;
  /** By symbol. */
  readonly steps: (Transition | undefined)[];
}

export interface Transition {
  to: State;
  /** For each open match of `to`, its number in the state before; NEW if it begins with the character read. */
  from: readonly number[];
  /** Numbers, in the state before, of the matches that end before the character read. */
  ended: readonly number[];
}

export const NEW = -1;
/** The symbol after the last character. */
export const END = 0;

/** What is remembered is bounded; it is made again when it is needed again. */
const MOST_STATES = 5000;
const MOST_CHARACTERS = 20_000;

const isWordCharacter = (codePoint: number) =>
  (codePoint >= 0x30 && codePoint <= 0x39) ||
  (codePoint >= 0x41 && codePoint <= 0x5a) ||
  (codePoint >= 0x61 && codePoint <= 0x7a) ||
  codePoint === 0x5f;

export class TaggedAutomaton {
  readonly start: State;
  private readonly states = new Map<string, State>();
  /** Symbols of characters that the program does not tell apart. */
  private readonly symbols = new Map<string, number>();
  private readonly examples: (number | null)[] = [null];
  private readonly ascii = new Int32Array(128).fill(-1);
  private readonly others = new Map<number, number>();

  constructor(private readonly program: Program) {
    this.start = this.stateOf([], 'nothing');
  }

  symbolOf(codePoint: number): number {
    const known = codePoint < 128 ? this.ascii[codePoint]! : this.others.get(codePoint);
    if (known !== undefined && known >= 0) return known;
    const accepting = this.program.instructions.map((one) => (one.kind === 'read' && one.accepts(codePoint) ? 1 : 0));
    const key = `${sideOf(codePoint)} ${accepting.join('')}`;
    let symbol = this.symbols.get(key);
    if (symbol === undefined) {
      symbol = this.examples.length;
      this.symbols.set(key, symbol);
      this.examples.push(codePoint);
    }
    if (this.others.size >= MOST_CHARACTERS) this.others.clear();
    if (codePoint < 128) this.ascii[codePoint] = symbol;
    else this.others.set(codePoint, symbol);
    return symbol;
  }

  step(state: State, symbol: number): Transition {
    const known = state.steps[symbol];
    if (known) return known;
    const transition = this.compute(state, this.examples[symbol]!);
    state.steps[symbol] = transition;
    return transition;
  }

  private compute({ places, before }: State, codePoint: number | null): Transition {
    const after = codePoint === null ? 'nothing' : sideOf(codePoint);
    const holding = assertionsBetween(before, after);
    const next: number[] = [];
    const from: number[] = [];
    const ended: number[] = [];
    const reached = new Set<number>();
    const read = (place: number, match: number) => {
      for (const instruction of this.expand(place, holding)) {
        if (instruction.kind === 'match') ended.push(match);
        if (instruction.kind !== 'read' || codePoint === null || reached.has(instruction.next)) continue;
        if (!instruction.accepts(codePoint)) continue;
        reached.add(instruction.next);
        next.push(instruction.next);
        from.push(match);
      }
    };
    for (let match = 0; match < places.length; match++) read(places[match]!, match);
    read(this.program.start, NEW);
    return { to: this.stateOf(next, after), from, ended: ended.filter((match) => match !== NEW) };
  }

  /** The instructions that read or match, which are reached from a place without reading. */
  private expand(place: number, holding: number): Instruction[] {
    const found: Instruction[] = [];
    const seen = new Set<number>();
    const open = [place];
    while (open.length > 0) {
      const at = open.pop()!;
      if (seen.has(at)) continue;
      seen.add(at);
      const instruction = this.program.instructions[at]!;
      if (instruction.kind === 'either') open.push(instruction.other, instruction.next);
      else if (instruction.kind === 'pass') open.push(instruction.next);
      else if (instruction.kind === 'assert') {
        if ((instruction.assertion & ~holding) === 0) open.push(instruction.next);
      } else if (instruction.kind !== 'fail') found.push(instruction);
    }
    return found;
  }

  private stateOf(places: readonly number[], before: Side): State {
    const key = `${before} ${places.join()}`;
    const known = this.states.get(key);
    if (known) return known;
    if (this.states.size >= MOST_STATES) {
      // Scanners keep the states that they are in, which lead to new ones from here on.
      for (const state of this.states.values()) state.steps.length = 0;
      this.states.clear();
      if (this.start) this.states.set('nothing ', this.start);
    }
    const state: State = { places, before, steps: [] };
    this.states.set(key, state);
    return state;
  }
}

function sideOf(codePoint: number): Side {
  return codePoint === 0x0a ? 'line feed' : isWordCharacter(codePoint) ? 'word' : 'other';
}

function assertionsBetween(before: Side, after: Side): number {
  let holding = (before === 'word') === (after === 'word') ? NO_WORD_EDGE : WORD_EDGE;
  if (before === 'nothing') holding |= TEXT_BEGINS | LINE_BEGINS;
  if (before === 'line feed') holding |= LINE_BEGINS;
  if (after === 'nothing') holding |= TEXT_ENDS | LINE_ENDS;
  if (after === 'line feed') holding |= LINE_ENDS;
  return holding;
}
