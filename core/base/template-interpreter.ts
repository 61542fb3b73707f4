// Runs a chat template within bounds, over messages whose characters may be marked without the template's notice.
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { AttuneError } from '@/core/errors';

/** `mark` keeps the length of a text; `unmark` removes every mark. */
export interface Marks {
  mark(text: string): string;
  unmark(text: string): string;
}

/** About microseconds. A conversation of a million characters takes less than a fifth of this. */
const MOST_WORK = 5_000_000;
/** One turn of a loop costs the library as much as this many expressions. */
const LOOP_WORK = 16;
/** Nested expressions: the stack must not run out, because the library mistakes some such errors for missing names. */
const MOST_DEPTH = 500;
/** Most characters in a text, and most items in a list. */
const MOST_CHARACTERS = 2 ** 24;
const MOST_ITEMS = 2 ** 20;
const MOST_SOURCE = 2 ** 20;

type Evaluate = Interpreter['evaluate'];
type Value = ReturnType<Evaluate>;
/** The library's syntax tree, as far as it is read here. */
type Node = { type: string; [part: string]: unknown };
/** A node for a part that has already been evaluated. */
const known = (value: Value): Node => ({ type: 'Known', value });

const COMPARISONS = new Set(['in', 'not in', '==', '!=']);

const endless = (what: string) =>
  new AttuneError('UNSUPPORTED', `The model's chat template ${what}. Use a model with another template.`);

/** Throws UNSUPPORTED if the source is not a template. */
export function parseTemplate(source: string): ReturnType<typeof parse> {
  if (source.length > MOST_SOURCE) throw endless(`has ${source.length} characters, which is more than ${MOST_SOURCE}`);
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (cause) {
    throw new AttuneError('UNSUPPORTED', `The model's chat template does not compile: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/**
 * What the template writes. Throws the library's errors, including those that the template raises, or UNSUPPORTED if it
 * does not end.
 */
export function runTemplate(
  program: ReturnType<typeof parse>,
  variables: Record<string, unknown>,
  marks: Marks,
): string {
  const environment = new Environment();
  const globals = { true: true, false: false, none: null, True: true, False: false, None: null };
  for (const [name, value] of Object.entries({ ...globals, raise_exception: raise, range, ...variables })) {
    environment.set(name, value);
  }
  try {
    return String(new BoundedInterpreter(environment, marks).run(program).value);
  } catch (error) {
    // The stack ran out, or a string became longer than JavaScript allows.
    if (error instanceof RangeError) throw endless(`does not come to an end (${error.message})`);
    throw error;
  }
}

function raise(message: string): never {
  throw new Error(message);
}

/** Python's range(). */
function range(first: number, last?: number, step = 1): number[] {
  const [from, to] = last === undefined ? [0, first] : [first, last];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MOST_ITEMS)) throw endless(`asks for a range of ${length} numbers`);
  return Array.from({ length }, (_, i) => from + i * step);
}

class BoundedInterpreter extends Interpreter {
  private work = 0;
  private depth = 0;

  constructor(
    environment: Environment,
    private readonly marks: Marks,
  ) {
    super(environment);
  }

  override evaluate(statement: Parameters<Evaluate>[0], environment: Environment): Value {
    const node = statement as unknown as Node | undefined;
    if (node?.type === 'Known') return node.value as Value;
    let value: Value;
    if (++this.depth > MOST_DEPTH) throw endless('does not come to an end');
    try {
      value = super.evaluate(this.prepare(node, environment) as never, environment);
    } finally {
      this.depth--; // also when `continue` is thrown
    }
    this.work++;
    if (typeof value.value === 'string') {
      if (value.value.length > MOST_CHARACTERS) throw endless(`writes more than ${MOST_CHARACTERS} characters`);
      this.work += value.value.length >> 6;
    } else if (Array.isArray(value.value)) {
      if (value.value.length > MOST_ITEMS) throw endless(`makes a list of more than ${MOST_ITEMS} items`);
      this.work += value.value.length >> 3;
    }
    if (this.work > MOST_WORK) throw endless('does not come to an end');
    return value;
  }

  /** Makes every comparison see both texts with marks or both without; counts a loop's work before it begins. */
  private prepare(node: Node | undefined, environment: Environment): Node | undefined {
    const evaluate = (part: unknown) => this.evaluate(part as never, environment);
    if (node?.type === 'BinaryExpression' && COMPARISONS.has((node.operator as { value: string }).value)) {
      const [left, right] = [this.withoutMarks(evaluate(node.left)), this.withoutMarks(evaluate(node.right))];
      return { ...node, left: known(left), right: known(right) };
    }
    if (node?.type === 'For') {
      const iterable = node.iterable as Node;
      const items = evaluate(iterable.type === 'SelectExpression' ? iterable.lhs : iterable);
      this.work += LOOP_WORK * (Array.isArray(items.value) ? items.value.length : 0);
      if (this.work > MOST_WORK) throw endless('does not come to an end');
      return {
        ...node,
        iterable: iterable.type === 'SelectExpression' ? { ...iterable, lhs: known(items) } : known(items),
      };
    }
    // content.split('</think>'), content.startswith('<')
    const callee = node?.type === 'CallExpression' ? (node.callee as Node) : null;
    if (callee?.type === 'MemberExpression' && !callee.computed) {
      const object = evaluate(callee.object);
      const args = this.likeIn(object, node!.args as Node[], evaluate);
      return { ...node!, callee: { ...callee, object: known(object) }, args };
    }
    // content | replace('</think>', '')
    const filter = node?.type === 'FilterExpression' ? (node.filter as Node) : null;
    if (filter?.type === 'CallExpression') {
      const operand = evaluate(node!.operand);
      const args = this.likeIn(operand, filter.args as Node[], evaluate);
      return { ...node!, operand: known(operand), filter: { ...filter, args } };
    }
    return node;
  }

  private withoutMarks(value: Value): Value {
    return this.changed(value, this.marks.unmark);
  }

  /** Replaces the first argument, the text to look for, by its form in the marked text. */
  private likeIn(text: Value, args: Node[], evaluate: (part: unknown) => Value): Node[] {
    const [first, ...rest] = args;
    if (typeof text.value !== 'string' || !first || /Spread|Keyword/.test(first.type)) return args;
    const own = text.value;
    const marked = (part: string) => (own.includes(this.marks.mark(part)) ? this.marks.mark(part) : part);
    return [known(this.changed(evaluate(first), marked)), ...rest];
  }

  private changed(value: Value, change: (text: string) => string): Value {
    const like = (content: unknown) => new (value.constructor as new (content: unknown) => Value)(content);
    if (typeof value.value === 'string') {
      const text = change(value.value);
      return text === value.value ? value : like(text);
    }
    if (!Array.isArray(value.value)) return value;
    const old: Value[] = value.value;
    const items = old.map((item) => (typeof item.value === 'string' ? this.changed(item, change) : item));
    return items.some((item, i) => item !== old[i]) ? like(items) : value;
  }
}
