// How each group of people and prompts fares with a version, worst first.
import { Groups } from '@/app/admin/groups/groups';

export default function GroupsPage() {
  return <Groups />;
}
