// The webhooks page: where events are sent, and what became of them.
import { Webhooks } from '@/app/admin/webhooks/webhooks';

export default function WebhooksPage() {
  return <Webhooks />;
}
