-- The outbox: events are written with the change they tell of; deliveries are made of them and sent by any worker.

CREATE TYPE webhook_delivery_status AS ENUM (
    'pending', 'leased', 'sent', 'temporary_failure', 'permanent_failure', 'canceled'
);

CREATE TABLE webhook_endpoints (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    url text NOT NULL,
    -- Event types it wants; empty: all.
    events text[] NOT NULL DEFAULT '{}',
    envelope text NOT NULL DEFAULT 'standard',
    -- Encoded keys (whsec_..., whsk_...), sealed when an encryption key is configured.
    secret bytea,
    previous_secret bytea,
    previous_secret_expires_at timestamptz,
    signing_key bytea,
    headers jsonb NOT NULL DEFAULT '{}',
    max_concurrency integer NOT NULL DEFAULT 8,
    enabled boolean NOT NULL DEFAULT true,
    disabled_reason text NOT NULL DEFAULT '',
    -- 'command' or 'configuration': what made it, so that configuration only ever changes its own.
    source text NOT NULL DEFAULT 'command',
    consecutive_failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    opened_at timestamptz,
    next_probe_at timestamptz,
    probe_attempt integer NOT NULL DEFAULT 0,
    last_status integer,
    last_error text NOT NULL DEFAULT '',
    last_success_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_endpoints_name_key UNIQUE (name)
);

CREATE TABLE notification_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    type text NOT NULL,
    template_id uuid,
    recipients uuid[] NOT NULL DEFAULT '{}',
    labels jsonb NOT NULL DEFAULT '{}',
    data jsonb NOT NULL DEFAULT '{}',
    targets uuid[] NOT NULL DEFAULT '{}',
    subject text NOT NULL DEFAULT '',
    sequence bigint NOT NULL DEFAULT 1,
    dedupe_key text,
    occurrences integer NOT NULL DEFAULT 1,
    resolved_at timestamptz,
    dispatched_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
-- One incident is one event while it lasts.
CREATE UNIQUE INDEX notification_events_dedupe_key ON notification_events (dedupe_key)
    WHERE dedupe_key IS NOT NULL AND resolved_at IS NULL;
CREATE INDEX notification_events_undispatched ON notification_events (created_at, id) WHERE dispatched_at IS NULL;
CREATE INDEX notification_events_subject ON notification_events (subject, sequence);
CREATE INDEX notification_events_age ON notification_events USING brin (created_at);

CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id uuid NOT NULL REFERENCES notification_events (id) ON DELETE CASCADE,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    recipient_id uuid,
    status webhook_delivery_status NOT NULL DEFAULT 'pending',
    -- What is signed and sent, the same bytes at every attempt.
    body bytea NOT NULL DEFAULT '',
    content_type text NOT NULL DEFAULT 'application/json',
    -- Sent whatever the endpoint's health: how an operator tries an endpoint that is disabled.
    is_trial boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    leased_by uuid,
    lease_expires_at timestamptz,
    response_code integer,
    latency_ms integer,
    error_class text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    excerpt text NOT NULL DEFAULT '',
    completed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at, id)
    WHERE status IN ('pending', 'temporary_failure');
CREATE INDEX webhook_deliveries_trials ON webhook_deliveries (next_attempt_at, id)
    WHERE is_trial AND status IN ('pending', 'temporary_failure');
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease_expires_at) WHERE status = 'leased';
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, created_at);

-- Writes an event, or counts a repeat of one whose incident still lasts; returns its id, or null for a repeat.
-- The sequence is per subject: the advisory lock, held to the end of the transaction, puts writers of one subject in line.
CREATE FUNCTION stoker_emit_event(
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
    IF written IS NOT NULL THEN PERFORM pg_notify('stoker_events', ''); END IF;
    RETURN written;
END;
$$;
