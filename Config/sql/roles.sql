-- The roles of a Stoker database, each with the least privileges. For psql, as a superuser or the database's owner, in
-- the database:
--
--   psql "$ADMIN_URL" -f roles.sql     before the first 'stoker migrate', and once more after it
--
-- It can be run any number of times. It sets no passwords:  ALTER ROLE stoker_worker PASSWORD '...'
--
--   stoker_migrator   owns the schema: 'stoker migrate'
--   stoker_worker     reads and writes rows: 'stoker worker' and all other commands. It cannot change the schema
--   stoker_scaling    may call stoker_scaling_signal(), for an autoscaler. It can read no table
--   stoker_reader     reads rows except secrets, for people and dashboards

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
BEGIN;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['stoker_migrator', 'stoker_worker', 'stoker_scaling', 'stoker_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO stoker_worker, stoker_scaling, stoker_reader;
GRANT USAGE, CREATE ON SCHEMA public TO stoker_migrator;

-- Objects that the migrator makes from now on.
ALTER DEFAULT PRIVILEGES FOR ROLE stoker_migrator REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE stoker_migrator IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO stoker_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE stoker_migrator IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO stoker_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE stoker_migrator IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO stoker_worker;

-- Objects that exist already.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO stoker_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO stoker_worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO stoker_worker;

-- An idle session must not hold back vacuum, and sessions of the autoscaler must not accumulate.
ALTER ROLE stoker_worker SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE stoker_worker SET client_connection_check_interval = '2s';
ALTER ROLE stoker_worker SET tcp_user_timeout = '20s';
ALTER ROLE stoker_scaling CONNECTION LIMIT 10;
ALTER ROLE stoker_scaling SET statement_timeout = '5s';
ALTER ROLE stoker_reader SET statement_timeout = '30s';
ALTER ROLE stoker_reader SET default_transaction_read_only = on;

COMMIT;

SELECT to_regclass('public.schema_migrations') IS NOT NULL AS is_migrated \gset
\if :is_migrated
BEGIN;
-- Only the migrator may write the record of applied steps.
REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM stoker_worker;
GRANT EXECUTE ON FUNCTION stoker_scaling_signal() TO stoker_scaling;
GRANT SELECT ON
    organizations, templates, template_versions, template_version_presets, workspaces, workspace_latest_builds,
    workspace_prebuilds, workspace_resources, template_version_agents, provisioner_job_timings, workers, workspace_claims,
    prebuild_decisions, schema_migrations
TO stoker_reader;
GRANT SELECT (id, resource_id, name, lifecycle_state, started_at, ready_at, deleted) ON workspace_agents TO stoker_reader;
GRANT SELECT (
    id, organization_id, type, provisioner, tags, priority, available_at, queue_lead, started_at, canceled_at, completed_at,
    error_code, worker_id, attempt, max_attempts, job_status, created_at
) ON provisioner_jobs TO stoker_reader;
GRANT EXECUTE ON FUNCTION stoker_agents_ready(uuid, uuid) TO stoker_reader;
COMMIT;
\echo 'roles and privileges are complete'
\else
\echo 'roles are made. Run this once more after "stoker migrate" as stoker_migrator'
\endif
