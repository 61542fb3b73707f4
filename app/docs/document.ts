// Types and helpers through which the reference page reads the OpenAPI document.
import type { openApiDocument } from '@/server/api/openapi/openapi';

/** The part of JSON Schema that the document uses. */
export interface Schema {
  $ref?: string;
  /** An array lists alternatives. */
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

interface Headers {
  [name: string]: { description: string };
}

export interface Answer {
  description: string;
  headers?: Headers;
  content?: Record<string, { schema: Schema }>;
}

export interface Operation {
  summary: string;
  description?: string;
  security?: object[];
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, Answer>;
  'x-codeSamples'?: { lang: string; source: string }[];
}

export interface Endpoint {
  /** The id of the endpoint's heading on the page. */
  id: string;
  method: string;
  path: string;
  operation: Operation;
}

export interface Reference {
  description: string;
  endpoints: Endpoint[];
  schemas: [name: string, schema: Schema][];
}

export function readReference({ info, paths, components }: ReturnType<typeof openApiDocument>): Reference {
  const endpoints = Object.entries(paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: `${method}${path.replaceAll(/[^a-z]+/g, '-')}`.replace(/-$/, ''),
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
  return {
    description: info.description,
    endpoints,
    schemas: Object.entries(components.schemas as Record<string, Schema>),
  };
}

export const nameOf = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1);
export const schemaId = (name: string) => `schema-${name}`;
