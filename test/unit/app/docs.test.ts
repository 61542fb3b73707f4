// The reference page shows every endpoint, field and type of the document, and the document has every endpoint.
import { describe, expect, it } from 'vitest';
import { nameOf, readReference } from '@/app/docs/document';
import { boundsOf, fieldsOf, typeOf } from '@/app/docs/fields';
import { serve } from '@/server/api/endpoints';
import { openApiDocument } from '@/server/api/openapi/openapi';

const reference = readReference(openApiDocument());
const typeText = (schema: Parameters<typeof typeOf>[0]) =>
  typeOf(schema)
    .map((part) => (typeof part === 'string' ? part : nameOf(part.reference)))
    .join('');
const rows = (name: string) => {
  const [, schema] = reference.schemas.find(([known]) => known === name)!;
  return new Map(
    fieldsOf(schema).map((field) => [
      field.name,
      [typeText(field.schema), boundsOf(field.schema).join(), field.isRequired],
    ]),
  );
};

describe('the reference', () => {
  it('has the endpoints that the API serves, each under its own heading', async () => {
    for (const { method, path } of reference.endpoints) {
      const request = new Request(`http://localhost${path.replace('{id}', 'base')}`, { method: 'OPTIONS' });
      expect((await serve(request)).headers.get('allow'), path).toContain(method);
    }
    const ids = reference.endpoints.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/);
  });

  it('names the type of every field', () => {
    for (const [name, schema] of reference.schemas)
      for (const field of fieldsOf(schema))
        expect(typeText(field.schema), `${name}.${field.name}`).not.toMatch(/undefined|^$/);
  });

  it('gives the types, limits and required fields of the schemas', () => {
    const chat = rows('ChatCompletionRequest');
    expect(chat.get('messages')).toEqual(['Message[]', '1 – 2000 items', true]);
    expect(chat.get('n')).toEqual(['integer | null', '1 – 128', false]);
    expect(chat.get('model')![1]).toContain('= "champion"');
    expect(rows('CompletionRequest').get('prompt')![0]).toBe('string | string[] | integer[] | integer[][]');
    expect(rows('ChatCompletion').get('choices[].message.content')).toEqual(['string', '', true]);
    expect(rows('Message').get('content')![0]).toBe('string | (object | object)[] | null');
  });

  it('has samples that name the endpoint they call', () => {
    for (const { path, operation } of reference.endpoints) {
      const samples = operation['x-codeSamples'];
      if (!samples) continue;
      expect(samples.map(({ lang }) => lang)).toEqual(['Python', 'TypeScript', 'curl']);
      // A sample has a value or a name in capitals where the path has {id}.
      const [before, after] = path.split('{id}');
      expect(samples[2]!.source).toContain(before);
      expect(samples[2]!.source).toContain(after ?? before);
    }
  });
});
