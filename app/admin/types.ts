// The API's types that the admin components pass around.
import type { RouterOutputs } from '@/server/routers';

export type VersionData = RouterOutputs['admin']['versions'][number];
export type SideBySideData = VersionData['sideBySide'];
export type RunDetail = RouterOutputs['admin']['run'];
export type ExperimentData = RouterOutputs['admin']['experiments'][number];
export type CanaryData = RouterOutputs['admin']['canaries'][number];
export type FeedbackData = RouterOutputs['admin']['feedback']['items'][number];
export type SettingsData = RouterOutputs['admin']['settings'];
export type PersonData = RouterOutputs['user']['list']['items'][number];
export type QuestionnaireData = RouterOutputs['ratingAdmin']['questionnaires'][number];
export type ConstitutionData = RouterOutputs['judge']['constitutions'][number];
export type JudgeData = RouterOutputs['judge']['list']['judges'][number];
export type JudgeLabelData = RouterOutputs['judge']['labels'][number];
export type LeaderboardData = RouterOutputs['statistics']['leaderboard'];
export type PersonTrustData = RouterOutputs['statistics']['trust']['people'][number];
export type AgreementData = RouterOutputs['statistics']['agreement'];
export type GroupsData = RouterOutputs['statistics']['groups'];
export type SnapshotData = RouterOutputs['admin']['snapshot'];
export type SnapshotRowData = RouterOutputs['admin']['snapshotRows']['items'][number];
export type AuditData = RouterOutputs['admin']['audit']['items'][number];
export type RuleListData = RouterOutputs['rule']['list'];
export type RuleData = RuleListData['rules'][number];
export type RuleVersionData = RouterOutputs['rule']['versions'][number];
export type RuleSettings = NonNullable<RuleVersionData['rule']>;
export type TrialData = RouterOutputs['rule']['try'];
export type RuleHitData = RouterOutputs['rule']['hits']['items'][number];
export type ExcerptData = RuleHitData['excerpt'];
