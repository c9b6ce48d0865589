-- A prebuild's mark follows deletions too: without its build, its job or an agent that its version declares, it can neither be
-- claimed nor be counted as ready. Each statement looks once, and only at prebuilds that have a mark.
CREATE OR REPLACE FUNCTION stoker_builds_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM workspace_build_parameters p USING gone WHERE p.workspace_build_id = gone.id;
    PERFORM stoker_mark_claimable(w.id)
    FROM gone JOIN workspaces w ON w.id = gone.workspace_id WHERE w.claimable_preset_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE FUNCTION stoker_jobs_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stoker_mark_claimable(w.id)
    FROM gone JOIN workspace_builds b ON b.job_id = gone.id JOIN workspaces w ON w.id = b.workspace_id
    WHERE w.claimable_preset_id IS NOT NULL;
    RETURN NULL;
END;
$$;
CREATE TRIGGER provisioner_jobs_claimable_no_more AFTER DELETE ON provisioner_jobs
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stoker_jobs_deleted();

-- Agents go with their resource, which is gone when they are.
CREATE FUNCTION stoker_resources_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stoker_mark_claimable(w.id)
    FROM gone JOIN workspace_builds b ON b.job_id = gone.job_id JOIN workspaces w ON w.id = b.workspace_id
    WHERE w.claimable_preset_id IS NOT NULL;
    RETURN NULL;
END;
$$;
CREATE TRIGGER workspace_resources_claimable_no_more AFTER DELETE ON workspace_resources
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stoker_resources_deleted();

CREATE FUNCTION stoker_agents_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stoker_mark_claimable(w.id)
    FROM gone JOIN workspace_resources r ON r.id = gone.resource_id JOIN workspace_builds b ON b.job_id = r.job_id
    JOIN workspaces w ON w.id = b.workspace_id
    -- The last agent of a build may be missing now, or the one that was not ready may be gone.
    WHERE w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted;
    RETURN NULL;
END;
$$;
CREATE TRIGGER workspace_agents_claimable_no_more AFTER DELETE ON workspace_agents
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stoker_agents_deleted();
