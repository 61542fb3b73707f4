// Implements one client of the load test: asks over HTTP, reads the stream as it arrives, and times it.

export interface Asked {
  nonce: string;
  status: number | 'network' | 'broken';
  /** Set if the answer was complete. */
  answer: Answer | null;
}

export interface Answer {
  generationId: string;
  text: string;
  completionTokens: number;
  firstTokenMs: number;
  /** From one piece of text to the next; a piece has one or more tokens. */
  betweenMs: number[];
  /** Milliseconds from the first piece to the last, divided by the number of tokens after the first. */
  perTokenMs: number;
}

interface Chunk {
  choices: { delta: { content?: string } }[];
  usage?: { completion_tokens: number } | null;
  error?: unknown;
}

const FILLERS = [
  '',
  'Then tell me in one sentence what a lighthouse is for. ',
  'The word was found in an old letter among many others, and nobody has ever known what it means; the clerk who wrote it down is said to have been careful. Then say what you think of it. ',
];

export const promptOf = (nonce: string, index: number) =>
  `Repeat this word exactly: ${nonce}. ${FILLERS[index % FILLERS.length]}`.trim();

export async function ask(url: string, key: string, nonce: string, index: number, maxTokens: number): Promise<Asked> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'champion',
      messages: [{ role: 'user', content: promptOf(nonce, index) }],
      max_tokens: maxTokens,
      temperature: 0.3,
      stream: true,
      stream_options: { include_usage: true },
    }),
  }).catch(() => null);
  if (!response) return { nonce, status: 'network', answer: null };
  if (!response.ok || !response.body) {
    await response.text();
    if (response.status === 429) await sleep(1000 * Number(response.headers.get('retry-after') ?? 1));
    return { nonce, status: response.status, answer: null };
  }
  const generationId = response.headers.get('x-attune-generation-id') ?? '';
  const times: number[] = [];
  let text = '';
  let completionTokens = 0;
  let isWhole = false;
  try {
    for await (const data of eventsOf(response.body)) {
      if (data === '[DONE]') {
        isWhole = true;
        continue;
      }
      const { choices, usage, error } = JSON.parse(data) as Chunk;
      if (error) return { nonce, status: 'broken', answer: null };
      const content = choices[0]?.delta.content;
      if (content) {
        times.push(performance.now());
        text += content;
      }
      if (usage) completionTokens = usage.completion_tokens;
    }
  } catch {
    return { nonce, status: 'broken', answer: null };
  }
  if (!isWhole) return { nonce, status: 'broken', answer: null };
  const first = times[0] ?? performance.now();
  const betweenMs = times.slice(1).map((time, at) => time - times[at]!);
  const perTokenMs = ((times.at(-1) ?? first) - first) / Math.max(1, completionTokens - 1);
  const firstTokenMs = first - startedAt;
  return {
    nonce,
    status: response.status,
    answer: { generationId, text, completionTokens, firstTokenMs, betweenMs, perTokenMs },
  };
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(bytes, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop()!;
    for (const event of events) if (event.startsWith('data: ')) yield event.slice('data: '.length);
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
