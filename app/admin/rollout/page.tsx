// The rollout page: a candidate on its way to all users, what is watched, and the brakes.
import { Rollout } from '@/app/admin/rollout/rollout';

export default function RolloutPage() {
  return <Rollout />;
}
