// Metrics for Prometheus.
import { handleMetrics } from '@/server/http/metrics';

export const dynamic = 'force-dynamic';

export { handleMetrics as GET };
