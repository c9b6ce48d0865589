-- Writing an event notifies nobody any more: who wrote it does, after its commit (PostgresNotifier). A transaction that
-- notifies holds a lock of the whole cluster while it commits, and fails when the server's queue of notifications is full.
CREATE OR REPLACE FUNCTION stoker_emit_event(
    event_type text,
    notification_template uuid,
    event_recipients uuid[],
    event_labels jsonb,
    event_data jsonb,
    event_targets uuid[],
    event_subject text,
    event_dedupe_key text,
    occurred_at timestamptz
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    written uuid;
BEGIN
    IF event_dedupe_key IS NOT NULL THEN
        UPDATE notification_events SET occurrences = occurrences + 1, updated_at = occurred_at
        WHERE dedupe_key = event_dedupe_key AND resolved_at IS NULL;
        IF FOUND THEN RETURN NULL; END IF;
    END IF;
    PERFORM pg_advisory_xact_lock(1937010539, hashtext(event_subject));
    INSERT INTO notification_events
        (type, template_id, recipients, labels, data, targets, subject, sequence, dedupe_key, created_at, updated_at)
    SELECT event_type, notification_template, event_recipients, event_labels, event_data, event_targets, event_subject,
        coalesce((SELECT max(sequence) FROM notification_events WHERE subject = event_subject), 0) + 1,
        event_dedupe_key, occurred_at, occurred_at
    ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL AND resolved_at IS NULL
    DO UPDATE SET occurrences = notification_events.occurrences + 1, updated_at = occurred_at
    RETURNING CASE WHEN occurrences = 1 THEN id END INTO written;
    RETURN written;
END;
$$;
