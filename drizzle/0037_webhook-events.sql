-- Writes one delivery of an event for each webhook that asked for it, in the transaction of the event.
CREATE FUNCTION announce(event text, subject text, data jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_delivery (webhook_id, event, subject, data)
    SELECT w.id, announce.event, announce.subject, announce.data FROM webhook w
    WHERE w.is_on AND announce.event = ANY (w.events);
  IF FOUND THEN PERFORM pg_notify('webhook', announce.event); END IF;
END $$;
--> statement-breakpoint
CREATE FUNCTION announce_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM announce('run.ended', NEW.id::text, jsonb_build_object(
    'status', NEW.status, 'verdict', NEW.verdict, 'resultVersionId', NEW.result_version_id));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER training_run_ended AFTER UPDATE OF status ON training_run FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status AND NEW.status IN ('done', 'rejected', 'failed', 'cancelled'))
  EXECUTE FUNCTION announce_run();
--> statement-breakpoint
CREATE FUNCTION announce_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM announce('version.' || NEW.status, NEW.id, jsonb_build_object(
    'runId', NEW.run_id, 'parentVersionId', NEW.parent_id,
    'failedGates', (SELECT coalesce(jsonb_agg(g -> 'name'), '[]') FROM jsonb_array_elements(NEW.gates) g
      WHERE g -> 'passed' = 'false')));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER version_published AFTER INSERT ON version FOR EACH ROW
  WHEN (NEW.run_id IS NOT NULL AND NEW.status IN ('accepted', 'rejected'))
  EXECUTE FUNCTION announce_version();
--> statement-breakpoint
CREATE FUNCTION announce_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM announce(NEW.action, NEW.subject, NEW.detail || jsonb_build_object('byProduct', NEW.actor_id IS NULL));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_act AFTER INSERT ON audit FOR EACH ROW
  WHEN (NEW.action IN ('canary.start', 'canary.raise', 'canary.promote', 'canary.roll_back', 'release.promote', 'release.rollback'))
  EXECUTE FUNCTION announce_act();
--> statement-breakpoint
CREATE FUNCTION announce_sample_ratio() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM announce('alarm.sample_ratio', NEW.candidate_version_id, jsonb_build_object(
    'canaryId', NEW.id, 'experimentId', NEW.experiment_id));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER canary_sample_ratio AFTER UPDATE OF verdict ON canary FOR EACH ROW
  WHEN (NEW.verdict ->> 'because' = 'sample_ratio' AND OLD.verdict ->> 'because' IS DISTINCT FROM 'sample_ratio')
  EXECUTE FUNCTION announce_sample_ratio();
