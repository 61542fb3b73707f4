// The rules about what people and the model may write.
import { describeKinds } from '@/app/admin/rules/describe-kinds';
import { Rules } from '@/app/admin/rules/rules';

export default function RulesPage() {
  return <Rules forms={describeKinds()} />;
}
