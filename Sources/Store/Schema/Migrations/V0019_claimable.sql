-- A prebuild knows on its own row for which preset it can be claimed: its latest build is a start of that preset that has
-- succeeded, and its agents are ready. One index then answers a claim, however many prebuilds the sibling presets have and
-- however many were claimed before. What only the time decides, the time to live, is compared with `created_at` in the index.
ALTER TABLE workspaces ADD COLUMN claimable_preset_id uuid;

-- Triggers keep it true, so that it is true whoever writes: workers of the release before, operators, tests.
CREATE FUNCTION stoker_mark_claimable(prebuild uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    is_no_prebuild boolean;
    preset uuid;
BEGIN
    -- Who changes something else that the answer depends on waits here, and then sees this change. The row is found by its id
    -- alone: a claim that is being undone may make it a prebuild again.
    SELECT owner_id <> 'c42fdf75-3097-471c-8c33-fb52454d81c0' OR deleted INTO is_no_prebuild
    FROM workspaces WHERE id = prebuild FOR NO KEY UPDATE;
    IF NOT FOUND OR is_no_prebuild THEN RETURN; END IF;
    -- As stoker_agents_ready says, whose text would be planned anew for each row.
    SELECT b.template_version_preset_id INTO preset
    FROM (
        SELECT * FROM workspace_builds WHERE workspace_id = prebuild ORDER BY build_number DESC LIMIT 1
    ) b JOIN provisioner_jobs j ON j.id = b.job_id
    WHERE b.transition = 'start' AND j.job_status = 'succeeded' AND (
        SELECT count(*) = count(*) FILTER (WHERE a.lifecycle_state = 'ready') AND count(*) >= (
            SELECT count(*) FROM template_version_agents d WHERE d.template_version_id = b.template_version_id
        )
        FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id
        WHERE r.job_id = b.job_id AND NOT a.deleted
    );
    UPDATE workspaces SET claimable_preset_id = preset
    WHERE id = prebuild AND claimable_preset_id IS DISTINCT FROM preset;
END;
$$;

CREATE FUNCTION stoker_build_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- The orders of the reconciler: nothing can be claimed yet.
        IF NEW.build_number = 1 AND NOT EXISTS (
            SELECT FROM provisioner_jobs WHERE id = NEW.job_id AND job_status = 'succeeded'
        ) THEN RETURN NULL; END IF;
    ELSIF OLD.workspace_id <> NEW.workspace_id THEN
        PERFORM stoker_mark_claimable(OLD.workspace_id);
    END IF;
    PERFORM stoker_mark_claimable(NEW.workspace_id);
    RETURN NULL;
END;
$$;
-- A claim's own build changes nothing: its workspace is nobody's prebuild any more.
CREATE TRIGGER workspace_builds_claimable AFTER INSERT ON workspace_builds
    FOR EACH ROW WHEN (NEW.reason <> 'claim') EXECUTE FUNCTION stoker_build_written();
CREATE TRIGGER workspace_builds_claimable_again
    AFTER UPDATE OF workspace_id, build_number, transition, job_id, template_version_id, template_version_preset_id
    ON workspace_builds FOR EACH ROW EXECUTE FUNCTION stoker_build_written();

CREATE FUNCTION stoker_job_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stoker_mark_claimable(b.workspace_id) FROM workspace_builds b WHERE b.job_id = NEW.id;
    RETURN NULL;
END;
$$;
-- A job without a build, which a benchmark executes by the thousand, has no workspace to look for.
CREATE TRIGGER provisioner_jobs_claimable AFTER UPDATE ON provisioner_jobs
    FOR EACH ROW WHEN (
        OLD.job_status <> NEW.job_status AND 'succeeded' IN (OLD.job_status, NEW.job_status)
            AND NEW.type = 'workspace_build' AND NOT NEW.input @> '{"no_op": true}'
    ) EXECUTE FUNCTION stoker_job_settled();
CREATE TRIGGER provisioner_jobs_claimable_at_once AFTER INSERT ON provisioner_jobs
    FOR EACH ROW WHEN (NEW.job_status = 'succeeded' AND NEW.type = 'workspace_build' AND NOT NEW.input @> '{"no_op": true}')
    EXECUTE FUNCTION stoker_job_settled();

CREATE FUNCTION stoker_agent_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stoker_mark_claimable(b.workspace_id)
    FROM workspace_resources r JOIN workspace_builds b ON b.job_id = r.job_id WHERE r.id = NEW.resource_id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER workspace_agents_claimable AFTER INSERT ON workspace_agents
    FOR EACH ROW EXECUTE FUNCTION stoker_agent_changed();
CREATE TRIGGER workspace_agents_claimable_again AFTER UPDATE ON workspace_agents
    FOR EACH ROW WHEN (
        (OLD.lifecycle_state, OLD.deleted, OLD.resource_id) IS DISTINCT FROM (NEW.lifecycle_state, NEW.deleted, NEW.resource_id)
    ) EXECUTE FUNCTION stoker_agent_changed();

-- A version's agents are declared by its import, before there is a prebuild of it.
CREATE FUNCTION stoker_agent_declared() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version uuid := coalesce(NEW.template_version_id, OLD.template_version_id);
BEGIN
    PERFORM stoker_mark_claimable(b.workspace_id)
    FROM template_version_presets p JOIN workspace_builds b ON b.template_version_preset_id = p.id
    JOIN workspaces w ON w.id = b.workspace_id
    WHERE p.template_version_id = version AND w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted;
    RETURN NULL;
END;
$$;
CREATE TRIGGER template_version_agents_claimable AFTER INSERT OR DELETE ON template_version_agents
    FOR EACH ROW EXECUTE FUNCTION stoker_agent_declared();

UPDATE workspaces w SET claimable_preset_id = b.template_version_preset_id
FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
WHERE w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted AND b.workspace_id = w.id
    AND b.transition = 'start' AND j.job_status = 'succeeded' AND stoker_agents_ready(b.job_id, b.template_version_id)
    AND NOT EXISTS (SELECT FROM workspace_builds n WHERE n.workspace_id = w.id AND n.build_number > b.build_number);

CREATE INDEX workspaces_claimable ON workspaces (claimable_preset_id, created_at, id)
    WHERE owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT deleted AND NOT retiring
        AND claimable_preset_id IS NOT NULL;

-- The check of each parameter's build was half of the cost of writing it, and the build is always written beside it. What is
-- left of the constraint: parameters go with their build.
ALTER TABLE workspace_build_parameters DROP CONSTRAINT workspace_build_parameters_workspace_build_id_fkey;
CREATE FUNCTION stoker_builds_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM workspace_build_parameters p USING gone WHERE p.workspace_build_id = gone.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER workspace_builds_parameters AFTER DELETE ON workspace_builds
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stoker_builds_deleted();
