// An OpenAI-compatible endpoint on loopback that judges by a rule of the test, and remembers what it was asked.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface EndpointRule {
  /** Log-odds that the first answer is better. */
  compare(first: string, second: string): number;
  rate?(answer: string): number;
  /** The status of the n-th request, from 0; absent: always 200. */
  status?(nth: number): number;
  /** The n-th request, from 0, is answered with a page instead of a completion. */
  garbles?(nth: number): boolean;
  /** What is sent in place of the completion. */
  warps?(completion: ReturnType<typeof completionOf>): unknown;
  /** Never answers. */
  hangs?: boolean;
  givesLogprobs?: boolean;
}

export interface AskedRequest {
  at: number;
  authorization: string | undefined;
  text: string;
  status: number;
}

export interface JudgeEndpoint {
  url: string;
  rule: EndpointRule;
  asked: AskedRequest[];
  close(): void;
}

export const PROMPT_TOKENS = 100;
export const COMPLETION_TOKENS = 10;

export async function startJudgeEndpoint(first: EndpointRule): Promise<JudgeEndpoint> {
  const server = http.createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: JudgeEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    rule: first,
    asked: [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { messages } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { messages: { content: string }[] };
    const text = messages.map(({ content }) => content).join('\n');
    const { rule, asked } = endpoint;
    const nth = asked.length;
    const status = rule.status?.(nth) ?? 200;
    asked.push({ at: performance.now(), authorization: request.headers.authorization, text, status });
    if (request.url !== '/v1/chat/completions') return void response.writeHead(404).end();
    if (rule.hangs) return;
    // Like a real one's, its complaint repeats what it was sent.
    if (status !== 200)
      return void response.writeHead(status, { 'retry-after': '0' }).end(`bad key ${request.headers.authorization}`);
    await delay(1);
    if (rule.garbles?.(nth)) return void response.writeHead(200).end('<html>Try again later.</html>');
    const completion = completionOf(rule, text);
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(rule.warps?.(completion) ?? completion));
  }
  return endpoint;
}

const marked = (text: string, mark: string) => new RegExp(`<${mark}>\n([\\s\\S]*?)\n</${mark}>`).exec(text)?.[1] ?? '';

function completionOf(rule: EndpointRule, text: string) {
  const usage = { prompt_tokens: PROMPT_TOKENS, completion_tokens: COMPLETION_TOKENS };
  const say = (content: string, logprobs: unknown = null) => ({
    choices: [{ message: { role: 'assistant', content }, logprobs }],
    usage,
  });
  if (text.includes('<answer-a>')) {
    const odds = rule.compare(marked(text, 'answer-a'), marked(text, 'answer-b'));
    const p = 1 / (1 + Math.exp(-odds));
    const top = [
      { token: 'A', logprob: Math.log(p) },
      { token: ' B', logprob: Math.log(1 - p) },
    ];
    const word = odds > 0 ? 'A' : odds < 0 ? 'B' : 'SAME';
    const first = [{ token: word, logprob: top[0]!.logprob, top_logprobs: top }];
    return say(`${word}, because it follows the principles.`, rule.givesLogprobs === false ? null : { content: first });
  }
  if (text.includes('whole number')) return say(`${rule.rate?.(marked(text, 'answer')) ?? 7}: it is fine.`);
  if (text.includes('<criticism>')) return say('A much kinder answer.');
  return say('It is rude to the person.');
}
