// The OpenAPI document of the API, made of the schemas that requests are parsed by.
import { z } from 'zod';
import * as schemas from './schemas';

const REQUESTS = {
  Message: schemas.Message,
  ChatCompletionRequest: schemas.ChatCompletionRequest,
  CompletionRequest: schemas.CompletionRequest,
  FeedbackRequest: schemas.FeedbackRequest,
};
const RESPONSES = {
  AttuneFields: schemas.AttuneFields,
  Usage: schemas.Usage,
  ChatLogprobs: schemas.ChatLogprobs,
  ChatCompletion: schemas.ChatCompletion,
  ChatCompletionChunk: schemas.ChatCompletionChunk,
  TextLogprobs: schemas.TextLogprobs,
  TextCompletion: schemas.TextCompletion,
  Model: schemas.ModelBody,
  ModelList: schemas.ModelList,
  FeedbackResponse: schemas.FeedbackResponse,
  Error: schemas.ErrorBody,
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

const ERRORS = {
  '400': 'The request is wrong; `param` names the field.',
  '401': 'The key is missing, unknown or revoked.',
  '404': 'The model, or what is named, is not there.',
  '429': 'Over a limit, or the queue is full; `Retry-After` says when to come back.',
  '503': 'The database or the engine is not there.',
};
const errors = Object.fromEntries(
  Object.entries(ERRORS).map(([status, description]) => [status, { description, content: json('Error') }]),
);

const GENERATION_HEADER = {
  'x-attune-generation-id': {
    description: 'What to name in /v1/feedback; one id for each choice, separated by commas.',
    schema: { type: 'string' },
  },
};

function completion(summary: string, request: Name, whole: Name, chunk: Name) {
  return {
    summary,
    requestBody: { required: true, content: json(request) },
    responses: {
      '200': {
        description: 'The answers: whole, or with `stream` as server-sent events that end with `data: [DONE]`.',
        headers: GENERATION_HEADER,
        content: { ...json(whole), 'text/event-stream': { schema: { $ref: reference(chunk) } } },
      },
      ...errors,
    },
  };
}

const plain = (summary: string, name: Name, more: object = {}) => ({
  summary,
  ...more,
  responses: { '200': { description: 'As asked.', content: json(name) }, ...errors },
});

export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Attune',
      version: '1',
      description: 'An API that OpenAI clients speak, and feedback on its answers, from which the model learns.',
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths: {
      '/v1/chat/completions': {
        post: completion('Answer a conversation', 'ChatCompletionRequest', 'ChatCompletion', 'ChatCompletionChunk'),
      },
      '/v1/completions': {
        post: completion('Continue a prompt', 'CompletionRequest', 'TextCompletion', 'TextCompletion'),
      },
      '/v1/models': { get: plain('List versions and the alias `champion`', 'ModelList') },
      '/v1/models/{id}': {
        get: plain('Look up one of them', 'Model', {
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        }),
      },
      '/v1/feedback': {
        post: plain('Judge an answer, or choose between two', 'FeedbackResponse', {
          requestBody: { required: true, content: json('FeedbackRequest') },
        }),
      },
    },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { ...componentsOf(REQUESTS, 'input'), ...componentsOf(RESPONSES, 'output') },
    },
  };
}
