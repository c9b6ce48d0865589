-- The queue: jobs, their logs and timings, and the workers that hold leases.

CREATE TYPE provisioner_job_status AS ENUM ('pending', 'running', 'succeeded', 'canceling', 'canceled', 'failed');
CREATE TYPE provisioner_job_type AS ENUM ('template_version_import', 'workspace_build');
CREATE TYPE log_level AS ENUM ('trace', 'debug', 'info', 'warn', 'error');
CREATE TYPE worker_state AS ENUM ('active', 'draining', 'drained', 'lost');

CREATE TABLE provisioner_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    initiator_id uuid NOT NULL,
    type provisioner_job_type NOT NULL DEFAULT 'workspace_build',
    provisioner provisioner_type NOT NULL DEFAULT 'terraform',
    input jsonb NOT NULL DEFAULT '{}',
    file_id uuid,
    tags jsonb NOT NULL DEFAULT '{"scope":"organization","owner":""}',
    -- Class: 3 interactive, 2 delete, 1 import, 0 pool refill.
    priority smallint NOT NULL DEFAULT 0,
    available_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    canceled_at timestamptz,
    completed_at timestamptz,
    error text,
    error_code text,
    worker_id uuid,
    claim_epoch bigint NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 3,
    trace_metadata jsonb,
    template_id uuid,
    workspace_id uuid,
    -- An earlier execution may have changed something that no checkpoint shows: refresh before changing anything.
    refresh_first boolean NOT NULL DEFAULT false,
    job_status provisioner_job_status NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN completed_at IS NOT NULL THEN
                CASE
                    WHEN error <> '' THEN 'failed'::provisioner_job_status
                    WHEN canceled_at IS NOT NULL THEN 'canceled'::provisioner_job_status
                    ELSE 'succeeded'::provisioner_job_status
                END
            WHEN error <> '' THEN 'failed'::provisioner_job_status
            WHEN canceled_at IS NOT NULL THEN 'canceling'::provisioner_job_status
            WHEN started_at IS NULL THEN 'pending'::provisioner_job_status
            ELSE 'running'::provisioner_job_status
        END
    ) STORED,
    -- Priority with ageing as one sortable instant: a class is worth ten minutes of waiting, so a pool job that has
    -- waited half an hour goes before an interactive one that has just come.
    claim_order timestamp NOT NULL GENERATED ALWAYS AS (
        (available_at AT TIME ZONE 'UTC') - priority * interval '10 minutes'
    ) STORED,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 20000,
    autovacuum_analyze_scale_factor = 0.02
);
-- Few indexes: each costs write-ahead log for every job. Claims read the first, reaping and caps the second.
CREATE INDEX provisioner_jobs_pending ON provisioner_jobs (claim_order, id) WHERE job_status = 'pending';
-- For workers that reserve slots: a long refill of a pool must not be walked to find what a person waits for.
CREATE INDEX provisioner_jobs_pending_reserved ON provisioner_jobs (claim_order, id)
    WHERE job_status = 'pending' AND priority > 0;
CREATE INDEX provisioner_jobs_held ON provisioner_jobs (worker_id) WHERE completed_at IS NULL AND worker_id IS NOT NULL;
CREATE INDEX provisioner_jobs_created ON provisioner_jobs USING brin (created_at) WITH (pages_per_range = 32);

CREATE TABLE provisioner_job_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id uuid NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    source text NOT NULL DEFAULT 'provisioner',
    level log_level NOT NULL,
    stage text NOT NULL DEFAULT '',
    output text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX provisioner_job_logs_job ON provisioner_job_logs (job_id, id);

CREATE TABLE provisioner_job_timings (
    job_id uuid NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    stage text NOT NULL DEFAULT '',
    action text NOT NULL DEFAULT '',
    resource text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX provisioner_job_timings_job ON provisioner_job_timings (job_id);

CREATE TABLE workers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    hostname text NOT NULL DEFAULT '',
    version text NOT NULL DEFAULT '',
    tags jsonb NOT NULL DEFAULT '{}',
    organization_ids uuid[] NOT NULL DEFAULT '{}',
    capacity integer NOT NULL DEFAULT 1,
    state worker_state NOT NULL DEFAULT 'active',
    state_reason text NOT NULL DEFAULT '',
    drain_deadline timestamptz,
    lease_expires_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- The one matcher of jobs and workers: a job's tags must be contained in the worker's. A job of the default tags goes only
-- to workers that have exactly those, so that a special worker is not filled with everybody's jobs.
CREATE FUNCTION stoker_tags_match(job_tags jsonb, worker_tags jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN job_tags = '{"scope":"organization","owner":""}' THEN worker_tags = job_tags
        ELSE job_tags <@ worker_tags
    END
$$;
