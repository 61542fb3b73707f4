// The OpenAPI document of the API, built from the schemas that parse its requests.
import { z } from 'zod';
import { FEEDBACK_KINDS } from '@/core/feedback/kinds';
import { Settings } from '@/core/settings';
import { codesOf } from '@/server/api/errors';
import { FeedbackRequest } from '@/server/api/feedback-request';
import { IDEMPOTENCY_KEY, MAX_KEY_LENGTH } from '@/server/api/idempotency';
import * as requests from '@/server/api/requests';
import { MAX_BODY_BYTES } from '@/server/api/route';
import { REFUSALS } from '@/server/api/unsupported';
import { REPEAT_HOURS } from '@/server/services/completion/repeat';
import * as feedback from './feedback-responses';
import { FiguresBody } from './figures-response';
import * as responses from './responses';
import { SAMPLES, type Sample } from './samples';

const REQUESTS = {
  Message: requests.Message,
  ChatCompletionRequest: requests.ChatCompletionRequest,
  CompletionRequest: requests.CompletionRequest,
  FeedbackRequest,
};
const RESPONSES = {
  AttuneFields: responses.AttuneFields,
  Usage: responses.Usage,
  ChatLogprobs: responses.ChatLogprobs,
  ChatCompletion: responses.ChatCompletion,
  ChatCompletionChunk: responses.ChatCompletionChunk,
  TextLogprobs: responses.TextLogprobs,
  TextCompletion: responses.TextCompletion,
  Model: responses.ModelBody,
  ModelList: responses.ModelList,
  FeedbackResponse: feedback.FeedbackResponse,
  FeedbackList: feedback.FeedbackList,
  FeedbackTrace: feedback.FeedbackTrace,
  QuestionnaireList: feedback.QuestionnaireList,
  Figures: FiguresBody,
  Error: responses.ErrorBody,
};
type Name = keyof typeof REQUESTS | keyof typeof RESPONSES;

const reference = (name: string) => `#/components/schemas/${name}`;
const json = (name: Name) => ({ 'application/json': { schema: { $ref: reference(name) } } });

function componentsOf(named: Record<string, z.ZodType>, io: 'input' | 'output'): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io, uri: reference });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id, $schema, ...schema }]) => [id, schema]));
}

const header = (description: string, type: 'string' | 'integer' = 'string') => ({ description, schema: { type } });
const HEADERS = {
  'x-request-id': header('Names the request in the product’s log.'),
};
const COMPLETION_HEADERS = {
  ...HEADERS,
  'x-attune-generation-id': header('The ids of the answers, in order; /v1/feedback takes them.'),
  'idempotency-replayed': header('`true` when the answers are those of an earlier request with the same key.'),
};
const RETRY_HEADERS = { ...HEADERS, 'retry-after': header('Seconds after which to try again.', 'integer') };

const ERRORS: Record<number, string> = {
  400: 'The request is wrong; `param` names the field.',
  401: 'The key is missing, unknown or revoked.',
  404: 'The model, or another thing that the request names, does not exist.',
  429: 'A limit is reached, or the queue is full.',
  500: 'Something went wrong on the server.',
  503: 'The database or the engine is not available.',
};
const errorsOf = (meanings: Record<number, string>) =>
  Object.fromEntries(
    Object.entries(meanings).map(([status, meaning]) => [
      status,
      {
        description: `${meaning} \`code\`: ${codesOf(Number(status)).join(', ')}.`,
        headers: status === '429' || status === '503' ? RETRY_HEADERS : HEADERS,
        content: json('Error'),
      },
    ]),
  );
const errors = errorsOf(ERRORS);

const REPEAT_PARAMETER = {
  name: IDEMPOTENCY_KEY,
  in: 'header',
  required: false,
  description: `A key for this request, a UUID for example. When the same request is sent again with the same key within ${REPEAT_HOURS} hours, it gets the same answers, even while they are being written and after a restart; an answer with a key is written to its end even when its reader leaves. A different request with the same key is refused.`,
  schema: { type: 'string', minLength: 1, maxLength: MAX_KEY_LENGTH },
};

function completion(summary: string, request: Name, whole: Name, chunk: Name, samples: Sample[]) {
  return {
    summary,
    parameters: [REPEAT_PARAMETER],
    requestBody: { required: true, content: json(request) },
    responses: {
      '200': {
        description:
          'The answers: whole, or with `stream` as server-sent events that end with `data: [DONE]`. Lines of a stream that begin with a colon keep the connection alive; an answer that takes long is preceded by line breaks for the same reason.',
        headers: COMPLETION_HEADERS,
        content: { ...json(whole), 'text/event-stream': { schema: { $ref: reference(chunk) } } },
      },
      ...errors,
    },
    'x-codeSamples': samples,
  };
}

const query = (name: string, description: string, more: object = {}) => ({
  ...{ name, in: 'query', required: false, description },
  schema: { type: 'string', ...more },
});

const plain = (summary: string, name: Name, samples: Sample[], more: object = {}) => ({
  summary,
  ...more,
  responses: { '200': { description: 'The result.', headers: HEADERS, content: json(name) }, ...errors },
  'x-codeSamples': samples,
});

const withErrors = <Operation extends { responses: object }>(operation: Operation, more: object) => ({
  ...operation,
  responses: { ...operation.responses, ...more },
});

function description(): string {
  const { requestsPerMinute, tokensPerMinute, concurrent } = Settings.parse({}).limits.apiKey;
  return [
    'An API for OpenAI clients, with an endpoint for feedback on its answers, from which the model learns.',
    `Limits: a body has at most ${MAX_BODY_BYTES} bytes of UTF-8. An account and each of its keys may send ${requestsPerMinute} requests and use ${tokensPerMinute} tokens per minute, and have ${concurrent} answers running at once, unless an administrator has set other limits; one account never gets more of the queue than it leaves free.`,
    `Parameters that are refused by name, unless their value asks for nothing: ${Object.keys(REFUSALS).join(', ')}.`,
    'Pages from every origin may call it: the key travels in a header, and cookies are not read.',
  ].join('\n\n');
}

export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: { title: 'Attune', version: '1', description: description() },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths: {
      '/v1/chat/completions': {
        post: completion(
          'Answer a conversation',
          'ChatCompletionRequest',
          'ChatCompletion',
          'ChatCompletionChunk',
          SAMPLES.chat,
        ),
      },
      '/v1/completions': {
        post: completion('Continue prompts', 'CompletionRequest', 'TextCompletion', 'TextCompletion', SAMPLES.text),
      },
      '/v1/models': { get: plain('List versions and the alias `champion`', 'ModelList', SAMPLES.models) },
      '/v1/models/{id}': {
        get: plain('Get one model', 'Model', SAMPLES.model, {
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        }),
      },
      '/v1/feedback': {
        get: plain('List your feedback, newest first', 'FeedbackList', SAMPLES.feedbackList, {
          parameters: [
            query('kind', 'Only this kind.', { enum: FEEDBACK_KINDS }),
            query('cursor', 'The `next_cursor` of the page before.'),
          ],
        }),
        post: plain('Judge an answer, correct it, or choose between several', 'FeedbackResponse', SAMPLES.feedback, {
          description:
            'There is one value for each kind and answer, pair or message: sending it again changes nothing, sending another replaces it, and `value: null` withdraws it.',
          requestBody: { required: true, content: json('FeedbackRequest') },
        }),
      },
      '/v1/feedback/{id}/trace': {
        get: plain(
          'Follow feedback to the data sets, runs and versions that it went into',
          'FeedbackTrace',
          SAMPLES.trace,
          {
            parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
          },
        ),
      },
      '/v1/questionnaires': {
        get: plain('List the questionnaires that take answers', 'QuestionnaireList', SAMPLES.questionnaires),
      },
      '/v1/figures': {
        get: withErrors(
          plain('Read the five figures of the loop from votes to behaviour', 'Figures', SAMPLES.figures),
          errorsOf({ 403: 'The figures are not public, and the key is no administrator’s.' }),
        ),
      },
      '/v1/openapi.json': {
        get: {
          summary: 'This document',
          security: [],
          responses: {
            '200': {
              description: 'The OpenAPI document.',
              headers: HEADERS,
              content: { 'application/json': { schema: { type: 'object' } } },
            },
          },
        },
      },
    },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { ...componentsOf(REQUESTS, 'input'), ...componentsOf(RESPONSES, 'output') },
    },
  };
}
