// The fields of one schema, or the parameters of one request: name, type and meaning.
import { useTranslations } from 'next-intl';
import { Badge } from '@/app/ui/badge';
import { Cell, Table } from '@/app/ui/table';
import { nameOf, type Schema, schemaId } from './document';
import { boundsOf, type Field, typeOf } from './fields';
import { Line } from './prose';

export function SchemaTable({ caption, fields }: { caption: string; fields: Field[] }) {
  const t = useTranslations('docs');
  return (
    <Table caption={caption} head={[t('field'), t('type'), t('meaning')]}>
      {fields.map(({ name, schema, isRequired }, index) => (
        <tr key={`${name} ${index}`}>
          <Cell className="min-w-32 max-w-40 [overflow-wrap:anywhere] sm:max-w-none sm:whitespace-nowrap">
            <code className="text-xs">{name}</code>
            {isRequired && (
              <span className="inline-block sm:ml-2">
                <Badge tone="plain">{t('required')}</Badge>
              </span>
            )}
          </Cell>
          <Cell>
            <TypeText schema={schema} />
          </Cell>
          <Cell className="min-w-56 text-muted-foreground">
            {schema.description && (
              <span lang="en">
                <Line text={schema.description} />
              </span>
            )}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

export function TypeText({ schema }: { schema: Schema }) {
  const bounds = [...new Set(boundsOf(schema))];
  return (
    <span className="text-xs" lang="en">
      <code>
        {typeOf(schema).map((part, index) =>
          typeof part === 'string' ? (
            part
          ) : (
            <a
              key={index}
              href={`#${schemaId(nameOf(part.reference))}`}
              className="text-primary underline underline-offset-4"
            >
              {nameOf(part.reference)}
            </a>
          ),
        )}
      </code>
      {bounds.length > 0 && <span className="mt-1 block text-muted-foreground">{bounds.join(', ')}</span>}
    </span>
  );
}
