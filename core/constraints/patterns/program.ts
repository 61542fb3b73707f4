// Regular expressions in RE2's syntax, parsed and compiled by re2js into the program that the automaton walks.
import { RE2JS, RE2JSException } from 're2js';

/** One instruction; a program is a list of them, and they name each other by place. */
export type Instruction =
  | { kind: 'either'; next: number; other: number }
  /** Goes on if every flag of `assertion` holds between the characters before and after. */
  | { kind: 'assert'; next: number; assertion: number }
  | { kind: 'pass'; next: number }
  | { kind: 'read'; next: number; accepts(codePoint: number): boolean }
  | { kind: 'fail' }
  | { kind: 'match' };

export interface Program {
  start: number;
  instructions: readonly Instruction[];
}

/** What may hold between two characters, with re2js's numbers. */
export const LINE_BEGINS = 1;
export const LINE_ENDS = 2;
export const TEXT_BEGINS = 4;
export const TEXT_ENDS = 8;
export const WORD_EDGE = 16;
export const NO_WORD_EDGE = 32;

const LINE_FEED = 0x0a;
/** A pattern with large repetitions such as a{1000} becomes longer than this. */
const MOST_INSTRUCTIONS = 2000;

/** The shape of re2js's instruction, of which only the program's own types say nothing. */
interface CompiledInstruction {
  op: number;
  out: number;
  arg: number;
  matchRune(codePoint: number): boolean;
}

/** Throws a sentence about the pattern if it cannot be used. */
export function compilePattern(pattern: string, flags: { ignoreCase: boolean }): Program {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(pattern, flags.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new Error(explain(pattern, error.message), { cause: error });
  }
  const { prog } = expression.re2();
  if (prog.inst.length > MOST_INSTRUCTIONS)
    throw new Error(`The pattern is too large: it has ${prog.inst.length} steps of at most ${MOST_INSTRUCTIONS}.`);
  const program: Program = { start: prog.start, instructions: prog.inst.map(toInstruction) };
  if (matchesNothing(program)) throw new Error('The pattern matches the empty text. Let it need a character.');
  return program;
}

/** Whether a match can be reached without reading a character. */
function matchesNothing({ start, instructions }: Program): boolean {
  const seen = new Set<number>();
  const open = [start];
  while (open.length > 0) {
    const at = open.pop()!;
    const instruction = instructions[at]!;
    if (seen.has(at) || instruction.kind === 'read' || instruction.kind === 'fail') continue;
    if (instruction.kind === 'match') return true;
    seen.add(at);
    open.push(instruction.next);
    if (instruction.kind === 'either') open.push(instruction.other);
  }
  return false;
}

function explain(pattern: string, message: string): string {
  if (/\(\?<?[=!]/.test(pattern))
    return 'A pattern cannot look ahead or behind: remove "(?=", "(?!", "(?<=" or "(?<!".';
  if (/\\[1-9]|\\k</.test(pattern)) return 'A pattern cannot refer back to a group: remove "\\1" or "\\k".';
  return `The pattern is no regular expression in RE2's syntax: ${message.replace(/^error parsing regexp: /, '')}.`;
}

function toInstruction(instruction: CompiledInstruction): Instruction {
  const { op, out, arg } = instruction;
  switch (op) {
    case 1:
    case 2:
      return { kind: 'either', next: out, other: arg };
    case 3:
    case 7:
      return { kind: 'pass', next: out };
    case 4:
      return { kind: 'assert', next: out, assertion: arg };
    case 5:
      return { kind: 'fail' };
    case 6:
      return { kind: 'match' };
    case 8:
    case 9:
      return { kind: 'read', next: out, accepts: (codePoint) => instruction.matchRune(codePoint) };
    case 10:
      return { kind: 'read', next: out, accepts: () => true };
    case 11:
      return { kind: 'read', next: out, accepts: (codePoint) => codePoint !== LINE_FEED };
    default:
      throw new Error('A pattern cannot look ahead or behind: remove "(?<=" or "(?<!".');
  }
}
