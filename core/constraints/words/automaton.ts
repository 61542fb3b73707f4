// Finds many patterns of characters in one pass: a trie, walked as a set of places that is made deterministic on demand.

/** One step of a pattern: a character, or any one letter. */
export type Step = number | typeof ANY_LETTER;
export const ANY_LETTER = -1;

export interface Pattern {
  /** Code points as `resolve` gives them. */
  steps: readonly Step[];
  /** The match begins at the edge of a word. */
  startsWord: boolean;
  /** The match ends at the edge of a word. */
  endsWord: boolean;
}

/** A place in the trie: what was read so far of one or more patterns. */
interface Node {
  /** Characters read. */
  depth: number;
  next: Map<Step, Node>;
  /** The edge of a word must be here; what follows it. */
  atEdge: Node | null;
  isEnd: boolean;
}

/** A set of places, and where each symbol leads from it. */
export interface State {
  /** Most characters that an unfinished pattern has read. */
  open: number;
  /** Length of the longest pattern that ends here; 0 if none does. */
  ended: number;
  /** The longest pattern that ends here only if the next character begins or ends a word. */
  endedAtEdge: number;
  /** By symbol, doubled for whether an edge of a word comes before it. */
  next: (State | undefined)[];
  nodes: readonly Node[];
}

/** The state sets that a text has led to are kept up to this number, so that memory is bounded. */
const MOST_STATES = 50_000;
/** Every character that no pattern names. */
const OTHER = 0;
const OTHER_LETTER = 1;
/** A character such as `*` in place of a letter. */
const HIDDEN_LETTER = 2;

export class Automaton {
  readonly start: State;
  /** Characters of the longest pattern. */
  readonly longest: number;
  private readonly symbols = new Map<number, number>();
  private readonly codePoints: (number | undefined)[] = [undefined, undefined, undefined];
  private readonly root = newNode(0);
  private readonly states = new Map<string, State>();
  private readonly ids = new Map<Node, number>();
  private readonly ascii = new Int32Array(128);

  constructor(patterns: readonly Pattern[]) {
    for (const pattern of patterns) this.add(pattern);
    this.longest = Math.max(0, ...patterns.map(({ steps }) => steps.length));
    for (let codePoint = 0; codePoint < 128; codePoint++) this.ascii[codePoint] = this.symbols.get(codePoint) ?? -1;
    this.start = this.stateOf([this.root]);
  }

  /** The state after a character. `isEdge` says whether a word begins or ends just before it. */
  next(state: State, codePoint: number, isLetter: boolean, isEdge: boolean): State {
    const own = codePoint < 128 ? this.ascii[codePoint]! : (this.symbols.get(codePoint) ?? -1);
    const symbol = own >= 0 ? own : isLetter ? OTHER_LETTER : OTHER;
    return this.follow(state, symbol, isLetter, isEdge);
  }

  /** The state after a mark in place of a letter. It never ends a match: "**as**" is bold and hides nothing. */
  nextHidden(state: State, isEdge: boolean): State {
    return this.follow(state, HIDDEN_LETTER, true, isEdge);
  }

  private follow(state: State, symbol: number, isLetter: boolean, isEdge: boolean): State {
    const key = symbol * 2 + (isEdge ? 1 : 0);
    const known = state.next[key];
    if (known) return known;
    const from = isEdge ? withEdges(state.nodes) : state.nodes;
    const reached = new Set<Node>([this.root]);
    for (const node of from) {
      if (symbol === HIDDEN_LETTER) {
        // The first letter of a word is never hidden.
        if (node.depth > 0) for (const [step, next] of node.next) if (isLetterStep(step)) reached.add(next);
        continue;
      }
      const exact = this.codePoints[symbol];
      const next = exact === undefined ? undefined : node.next.get(exact);
      if (next) reached.add(next);
      const any = isLetter ? node.next.get(ANY_LETTER) : undefined;
      if (any) reached.add(any);
    }
    const result = this.stateOf([...reached], symbol === HIDDEN_LETTER);
    state.next[key] = result;
    return result;
  }

  private add({ steps, startsWord, endsWord }: Pattern): void {
    let node = this.root;
    if (startsWord) node = node.atEdge ??= newNode(0);
    for (const step of steps) {
      if (step !== ANY_LETTER && !this.symbols.has(step)) {
        this.symbols.set(step, this.codePoints.length);
        this.codePoints.push(step);
      }
      let next = node.next.get(step);
      if (!next) {
        next = newNode(node.depth + 1);
        node.next.set(step, next);
      }
      node = next;
    }
    if (endsWord) node = node.atEdge ??= newNode(node.depth);
    node.isEnd = true;
  }

  private stateOf(nodes: Node[], isHidden = false): State {
    const numbers = nodes.map((node) => {
      const known = this.ids.get(node);
      if (known !== undefined) return known;
      this.ids.set(node, this.ids.size);
      return this.ids.size - 1;
    });
    const key = `${numbers.sort((a, b) => a - b).join()}${isHidden ? '*' : ''}`;
    const known = this.states.get(key);
    if (known) return known;
    if (this.states.size >= MOST_STATES) this.forget();
    const longest = (of: readonly Node[]) =>
      isHidden ? 0 : of.reduce((most, node) => Math.max(most, node.isEnd ? node.depth : 0), 0);
    const state: State = {
      open: nodes.reduce((most, node) => (isOpen(node) ? Math.max(most, node.depth) : most), 0),
      ended: longest(nodes),
      endedAtEdge: longest(edgesOf(nodes)),
      next: [],
      nodes,
    };
    this.states.set(key, state);
    return state;
  }

  /** Scanners keep the states that they are in, which lead to new ones from here on. */
  private forget(): void {
    for (const state of this.states.values()) state.next = [];
    this.states.clear();
    this.states.set(String(this.ids.get(this.root)), this.start);
  }
}

const newNode = (depth: number): Node => ({ depth, next: new Map(), atEdge: null, isEnd: false });

const isOpen = (node: Node) => node.next.size > 0 || node.atEdge !== null;

const isLetterStep = (step: Step) => step === ANY_LETTER || /\p{L}/u.test(String.fromCodePoint(step));

const edgesOf = (nodes: readonly Node[]) => nodes.flatMap(({ atEdge }) => atEdge ?? []);

const withEdges = (nodes: readonly Node[]) => [...nodes, ...edgesOf(nodes)];
