// One rule: its settings, examples, versions and hits.
import { notFound } from 'next/navigation';
import { describeKinds } from '@/app/admin/rules/describe-kinds';
import { RuleDetail } from '@/app/admin/rules/rule-detail';
import { RuleBase } from '@/core/constraints/rule';

export default async function RulePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!RuleBase.shape.id.safeParse(id).success) notFound();
  return <RuleDetail id={id} forms={describeKinds()} />;
}
