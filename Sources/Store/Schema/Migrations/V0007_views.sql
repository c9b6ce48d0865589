-- What operators and autoscalers query. Locks are taken on base tables, never through these.

CREATE VIEW workspace_latest_builds AS
SELECT w.id AS workspace_id,
    b.id AS build_id,
    b.build_number,
    b.template_version_id,
    b.job_id,
    b.template_version_preset_id,
    b.transition,
    j.job_status
FROM workspaces w
CROSS JOIN LATERAL (
    SELECT * FROM workspace_builds WHERE workspace_id = w.id ORDER BY build_number DESC LIMIT 1
) b
LEFT JOIN provisioner_jobs j ON j.id = b.job_id
WHERE NOT w.deleted;

-- Whether a build's agents are up: all that it has are ready, and as many as its version declares.
CREATE FUNCTION stoker_agents_ready(build_job_id uuid, build_version_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id
        WHERE r.job_id = build_job_id AND NOT a.deleted AND a.lifecycle_state <> 'ready'
    ) AND (
        SELECT count(*) FROM template_version_agents d WHERE d.template_version_id = build_version_id
    ) <= (
        SELECT count(*) FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id
        WHERE r.job_id = build_job_id AND NOT a.deleted AND a.lifecycle_state = 'ready'
    )
$$;

CREATE VIEW workspace_prebuilds AS
SELECT w.id,
    w.id AS workspace_id,
    w.name,
    coalesce(b.template_version_preset_id, (
        SELECT p.template_version_preset_id FROM workspace_builds p
        WHERE p.workspace_id = w.id AND p.template_version_preset_id IS NOT NULL
        ORDER BY p.build_number DESC LIMIT 1
    )) AS preset_id,
    w.template_id,
    w.organization_id,
    w.created_at,
    b.transition = 'start' AND j.job_status = 'succeeded' AS running,
    b.transition = 'start' AND j.job_status = 'succeeded'
        AND stoker_agents_ready(b.job_id, b.template_version_id) AS eligible
FROM workspaces w
CROSS JOIN LATERAL (
    SELECT * FROM workspace_builds WHERE workspace_id = w.id ORDER BY build_number DESC LIMIT 1
) b
LEFT JOIN provisioner_jobs j ON j.id = b.job_id
WHERE NOT w.deleted AND w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0';

-- Slots wanted now: jobs that run, and jobs that are due. An autoscaler divides it by the slots of a worker.
CREATE FUNCTION stoker_scaling_signal() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT (SELECT count(*) FROM provisioner_jobs WHERE completed_at IS NULL AND worker_id IS NOT NULL)
        + (SELECT count(*) FROM provisioner_jobs WHERE job_status = 'pending' AND available_at <= now())
$$;
