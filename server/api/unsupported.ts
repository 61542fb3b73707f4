// Parameters of OpenAI's API that this product lacks: refused by name, unless their value asks for nothing.
import { AttuneError } from '@/core/errors';

const isNothing = (value: unknown) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
const isOneOf =
  (...values: unknown[]) =>
  (value: unknown) =>
    isNothing(value) || values.includes(value);

/** `{"type": "json_schema", …}` names its type. */
const typeOf = (value: unknown) => (value as { type?: unknown } | null)?.type;

interface Refusal {
  /** True when leaving the parameter out means the same. */
  asksNothing: (value: unknown) => boolean;
  wayOut: string;
}

const NO_TOOLS = 'The model calls no tools; describe what you need in a message.';
const NO_TOOL_CALLS = 'The model calls no tools; put what a tool returned into a message.';
const TEXT_ONLY = 'The model writes text only; leave it out.';

/** Parameters of a request. */
export const REFUSALS: Record<string, Refusal> = {
  tools: { asksNothing: isNothing, wayOut: NO_TOOLS },
  tool_choice: { asksNothing: isOneOf('none', 'auto'), wayOut: NO_TOOLS },
  parallel_tool_calls: { asksNothing: isOneOf(true, false), wayOut: NO_TOOLS },
  functions: { asksNothing: isNothing, wayOut: NO_TOOLS },
  function_call: { asksNothing: isOneOf('none', 'auto'), wayOut: NO_TOOLS },
  response_format: {
    asksNothing: (value) => isNothing(value) || typeOf(value) === 'text',
    wayOut: 'Answers are not constrained to JSON; ask for JSON in a message and check the answer.',
  },
  modalities: {
    asksNothing: (value) => isNothing(value) || (Array.isArray(value) && value.every((kind) => kind === 'text')),
    wayOut: TEXT_ONLY,
  },
  audio: { asksNothing: isNothing, wayOut: TEXT_ONLY },
  prediction: { asksNothing: isNothing, wayOut: 'Leave it out.' },
  reasoning_effort: {
    asksNothing: isOneOf('none'),
    wayOut: 'The model does not reason before it answers; leave it out.',
  },
  verbosity: { asksNothing: isNothing, wayOut: 'Say in a message how long the answer should be.' },
  web_search_options: { asksNothing: isNothing, wayOut: 'The model does not search; leave it out.' },
  best_of: { asksNothing: isOneOf(1), wayOut: 'Ask for n answers and choose.' },
  echo: { asksNothing: isOneOf(false), wayOut: 'Put the prompt before the answer yourself.' },
  suffix: { asksNothing: isNothing, wayOut: 'The model only continues; leave it out.' },
};

/** Fields of a message: answers carry them empty, and clients send answers back unchanged. */
const MESSAGE_REFUSALS: Record<string, Refusal> = {
  tool_calls: { asksNothing: isNothing, wayOut: NO_TOOL_CALLS },
  tool_call_id: { asksNothing: isNothing, wayOut: NO_TOOL_CALLS },
  function_call: { asksNothing: isNothing, wayOut: NO_TOOL_CALLS },
  audio: { asksNothing: isNothing, wayOut: TEXT_ONLY },
  parsed: { asksNothing: isNothing, wayOut: 'Send the content that it was parsed from.' },
};

/** The body without parameters that ask for nothing; throws UNSUPPORTED, naming the first that asks for something. */
export function refuseUnsupported(body: unknown): unknown {
  const kept = dropEmpty(body, REFUSALS, '');
  if (!isObject(kept) || !Array.isArray(kept.messages)) return kept;
  const messages = kept.messages.map((message, index) => dropEmpty(message, MESSAGE_REFUSALS, `messages[${index}].`));
  return { ...kept, messages };
}

function dropEmpty(value: unknown, refusals: Record<string, Refusal>, place: string): unknown {
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name, asked]) => {
    // A body may contain the key `constructor`, which every object inherits.
    const refusal = Object.hasOwn(refusals, name) ? refusals[name] : undefined;
    if (refusal && !refusal.asksNothing(asked)) {
      const param = place + name;
      throw new AttuneError('UNSUPPORTED', `${named(param, asked)} is not supported. ${refusal.wayOut}`, { param });
    }
    return !refusal;
  });
  return Object.fromEntries(kept);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function named(param: string, value: unknown): string {
  const type = typeOf(value);
  return typeof type === 'string' ? `"${param}" of type ${JSON.stringify(type.slice(0, 80))}` : `"${param}"`;
}
