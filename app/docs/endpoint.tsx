// One endpoint: its purpose, how to call it, its parameters and body, and its responses.
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Badge } from '@/app/ui/badge';
import { Cell, Table } from '@/app/ui/table';
import type { Answer, Endpoint as EndpointOf } from './document';
import { Line, Prose } from './prose';
import { Samples } from './samples';
import { SchemaTable, TypeText } from './schema-table';

export function Endpoint({ endpoint, origin }: { endpoint: EndpointOf; origin: (source: string) => string }) {
  const t = useTranslations('docs');
  const { id, method, path, operation } = endpoint;
  const { parameters = [], requestBody, responses } = operation;
  const samples = operation['x-codeSamples']?.map(({ lang, source }) => ({ lang, source: origin(source) }));
  const name = `${method} ${path}`;
  return (
    <section aria-labelledby={id} className="scroll-mt-6 border-border border-t pt-8">
      <h2 id={id} tabIndex={-1} className="font-semibold text-xl tracking-tight outline-none" lang="en">
        <Line text={operation.summary} />
      </h2>
      <p className="mt-2 flex flex-wrap items-center gap-2">
        <Badge tone={method === 'GET' ? 'plain' : 'good'}>{method}</Badge>
        <code className="break-all text-sm">{path}</code>
        {operation.security?.length === 0 && <Badge tone="plain">{t('noKey')}</Badge>}
      </p>
      {operation.description && (
        <Prose text={operation.description} className="mt-3 max-w-prose text-muted-foreground text-sm" />
      )}
      <div className="mt-5 space-y-6">
        {samples && <Samples label={name} samples={samples} />}
        {parameters.length > 0 && (
          <Part title={t('parameters')}>
            <SchemaTable
              caption={`${t('parameters')}: ${name}`}
              fields={parameters.map(({ name, required, description, schema }) => ({
                name,
                isRequired: required,
                schema: { ...schema, description },
              }))}
            />
          </Part>
        )}
        {requestBody && (
          <Part title={t('body')}>
            <Content content={requestBody.content} />
          </Part>
        )}
        <Part title={t('responses')}>
          <Table caption={`${t('responses')}: ${name}`} head={[t('status'), t('content'), t('meaning')]}>
            {Object.entries(responses).map(([status, answer]) => (
              <Response key={status} status={status} answer={answer} />
            ))}
          </Table>
        </Part>
      </div>
    </section>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h3 className="mb-2 font-medium text-sm">{title}</h3>
      {children}
    </div>
  );
}

function Content({ content }: Pick<Answer, 'content'>) {
  return Object.entries(content ?? {}).map(([type, { schema }]) => (
    <span key={type} className="mr-4 inline-flex flex-wrap items-baseline gap-x-2">
      <code className="text-muted-foreground text-xs">{type}</code>
      <TypeText schema={schema} />
    </span>
  ));
}

function Response({ status, answer }: { status: string; answer: Answer }) {
  const t = useTranslations('docs');
  return (
    <tr>
      <Cell>
        <Badge tone={status.startsWith('2') ? 'good' : 'bad'}>{status}</Badge>
      </Cell>
      <Cell>
        <Content content={answer.content} />
      </Cell>
      <Cell className="min-w-64 text-muted-foreground">
        <span lang="en">
          <Line text={answer.description} />
        </span>
        {answer.headers && (
          <dl className="mt-2 space-y-1 text-xs">
            {Object.entries(answer.headers).map(([name, { description }]) => (
              <div key={name}>
                <dt className="inline">
                  <span className="sr-only">{t('header')} </span>
                  <code className="text-foreground">{name}</code>:{' '}
                </dt>
                <dd className="inline" lang="en">
                  <Line text={description} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Cell>
    </tr>
  );
}
