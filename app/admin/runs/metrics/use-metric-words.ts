'use client';

// What a measurement is called, what it means and what is normal, in the reader's language.
import { useTranslations } from 'next-intl';
import { useGateName } from '@/app/lib/use-gate-name';
import { FAMILIES, KNOWN_METRICS } from './catalogue';

export interface MetricWords {
  title: string;
  /** null for a measurement that this build does not know; its title is then the trainer's name. */
  text: string | null;
}

export function useMetricWords(): (stage: string, name: string) => MetricWords {
  const t = useTranslations('metrics');
  const changes = useTranslations('changes');
  const snapshots = useTranslations('snapshots');
  const kinds = useTranslations('feedbackKinds');
  const gateName = useGateName();

  const nameIn = (family: (typeof FAMILIES)[number]['id'], stage: string, inner: string): string => {
    if (family === 'trial' || family === 'gate') return gateName(inner);
    if (family === 'cost_model') return wordsOf(stage, inner).title;
    const reason = `leftOutWhy.${inner}` as 'leftOutWhy.empty';
    if (family === 'left_out' && snapshots.has(reason)) return snapshots(reason);
    return inner;
  };
  /** A gate says what it asks for; the public page uses the same sentence. */
  const textOf = (family: (typeof FAMILIES)[number]['id'], inner: string): string => {
    const gate = `gate.${inner}` as 'gate.parity';
    return family === 'gate' && changes.has(gate) ? changes(gate) : t(`family.${family}.text`);
  };
  const rowsOf = (name: string, kind: string): MetricWords => {
    const [own, given] = [`rowKinds.${kind}` as 'rowKinds.prompt', kind as 'comparison'];
    if (!snapshots.has(own) && !kinds.has(given)) return { title: name, text: null };
    const split = name.endsWith('/train') ? 'train' : 'heldout';
    return {
      title: t('family.rows.title', {
        kind: snapshots.has(own) ? snapshots(own) : kinds(given),
        split: snapshots(`splits.${split}`),
      }),
      text: t(`rows.${split}`),
    };
  };
  function wordsOf(stage: string, name: string): MetricWords {
    const known = KNOWN_METRICS.find((one) => one === `${stage}.${name}`);
    if (known) return { title: t(`${known}.title`), text: t(`${known}.text`) };
    for (const { id, pattern } of FAMILIES) {
      const inner = pattern.exec(name)?.slice(1).find(Boolean);
      if (inner && id === 'rows') return rowsOf(name, inner);
      if (inner) return { title: t(`family.${id}.title`, { name: nameIn(id, stage, inner) }), text: textOf(id, inner) };
    }
    return { title: name, text: null };
  }
  return wordsOf;
}
