// The judges: models that label by the principles.
import { Judges } from '@/app/admin/judges/judges';

export default function JudgesPage() {
  return <Judges />;
}
