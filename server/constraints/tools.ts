// What rules that ask something else may use in a web process.
import type { Classifiers } from '@/core/classifier/classifiers';
import type { Tools } from '@/core/constraints/scanner';
import { AttuneError } from '@/core/errors';
import type { Outgoing } from '@/server/http/outgoing';

/** The rule's own time limit ends a request earlier. */
const TIMEOUT_MS = 60_000;
const MOST_ANSWER_BYTES = 1024 * 1024;

export const createTools = (outgoing: Outgoing, classifiers: Classifiers): Tools => ({
  classify: (classifier, texts, signal) => classifiers.classify(classifier, texts, signal),
  async post(url, body, signal) {
    const { status, text } = await outgoing.send({
      ...{ url, method: 'POST' as const, headers: { 'content-type': 'application/json' } },
      ...{ body: JSON.stringify(body), timeoutMs: TIMEOUT_MS, mostBytes: MOST_ANSWER_BYTES, signal },
    });
    const { host } = new URL(url);
    if (status !== 200)
      throw new AttuneError('UNAVAILABLE', `${host} answered with the status ${status}.`, { noVerdict: 'answer' });
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // The parser's message quotes the answer, which may repeat people's words.
      throw new AttuneError('UNAVAILABLE', `${host} did not answer with JSON.`, { noVerdict: 'answer' });
    }
  },
});
