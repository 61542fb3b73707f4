// The API reference: the OpenAPI document as a page.
import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { getTranslations } from 'next-intl/server';
import { PageFrame } from '@/app/ui/page-frame';
import { openApiDocument } from '@/server/api/openapi/openapi';
import { ORIGIN } from '@/server/api/openapi/samples';
import { readReference, schemaId } from './document';
import { Endpoint } from './endpoint';
import { fieldsOf } from './fields';
import { Prose } from './prose';
import { SchemaTable, TypeText } from './schema-table';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('docs');
  return { title: t('title') };
}

export default async function DocsPage() {
  const t = await getTranslations('docs');
  const origin = await readOrigin();
  const { description, endpoints, schemas } = readReference(openApiDocument());
  const link = 'block rounded-lg px-2 py-1.5 text-muted-foreground text-sm hover:bg-muted hover:text-foreground';
  return (
    <PageFrame title={t('title')} back={t('back')} width="wide">
      <div className="gap-10 lg:grid lg:grid-cols-[16rem_minmax(0,1fr)]">
        <nav
          aria-label={t('contents')}
          className="mb-8 lg:sticky lg:top-6 lg:mb-0 lg:max-h-[calc(100dvh-3rem)] lg:self-start lg:overflow-y-auto"
        >
          <ul lang="en">
            {endpoints.map(({ id, method, path }) => (
              <li key={id}>
                <a href={`#${id}`} className={link}>
                  <span className="font-medium text-xs">{method}</span>{' '}
                  <code className="break-all text-xs">{path}</code>
                </a>
              </li>
            ))}
            <li>
              <a href="#schemas" className={link}>
                {t('schemas')}
              </a>
            </li>
          </ul>
        </nav>
        <div className="min-w-0 space-y-10">
          <section aria-label={t('overview')}>
            <Prose text={description} className="max-w-prose text-sm leading-relaxed" />
            <dl className="mt-5 grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
              <dt className="text-muted-foreground">{t('address')}</dt>
              <dd>
                <code className="break-all">{`${origin}/v1`}</code>
              </dd>
              <dt className="text-muted-foreground">{t('key')}</dt>
              <dd>
                <code className="break-all">Authorization: Bearer sk-attune-…</code>{' '}
                <a href="/settings" className="text-primary underline underline-offset-4">
                  {t('makeKey')}
                </a>
              </dd>
              <dt className="text-muted-foreground">OpenAPI</dt>
              <dd>
                <a href="/v1/openapi.json" className="text-primary underline underline-offset-4">
                  /v1/openapi.json
                </a>
              </dd>
            </dl>
          </section>
          {endpoints.map((endpoint) => (
            <Endpoint key={endpoint.id} endpoint={endpoint} origin={(source) => source.replaceAll(ORIGIN, origin)} />
          ))}
          <section aria-labelledby="schemas" className="border-border border-t pt-8">
            <h2 id="schemas" tabIndex={-1} className="font-semibold text-xl tracking-tight outline-none">
              {t('schemas')}
            </h2>
            {schemas.map(([name, schema]) => (
              <section key={name} aria-labelledby={schemaId(name)} className="mt-6">
                <h3 id={schemaId(name)} tabIndex={-1} className="mb-2 font-medium text-sm outline-none" lang="en">
                  <code>{name}</code>
                </h3>
                {schema.oneOf ? (
                  schema.oneOf.map((one, index) => (
                    <div key={index} className="mb-4">
                      <SchemaTable caption={`${name} ${index + 1}`} fields={fieldsOf(one)} />
                    </div>
                  ))
                ) : schema.properties ? (
                  <SchemaTable caption={name} fields={fieldsOf(schema)} />
                ) : (
                  <TypeText schema={schema} />
                )}
              </section>
            ))}
          </section>
        </div>
      </div>
    </PageFrame>
  );
}

/** The address at which the reader's browser reaches the product, possibly through a proxy. */
async function readOrigin(): Promise<string> {
  const known = await headers();
  const host = known.get('x-forwarded-host') ?? known.get('host');
  return host ? `${known.get('x-forwarded-proto') ?? 'http'}://${host}` : ORIGIN;
}
