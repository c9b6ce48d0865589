-- A pass that a notification asks for reads the pools that it names, and no other prebuilds.

-- The preset that a prebuild was ordered for. It only makes a pool quick to find: the builds decide. NULL: ask the builds, as
-- for prebuilds that a program of the release before has ordered, or an operator has inserted.
ALTER TABLE workspaces ADD COLUMN prebuild_preset_id uuid;
UPDATE workspaces w SET prebuild_preset_id = (
    SELECT b.template_version_preset_id FROM workspace_builds b
    WHERE b.workspace_id = w.id AND b.template_version_preset_id IS NOT NULL
    ORDER BY b.build_number DESC LIMIT 1
)
WHERE w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted;
-- IS TRUE: so that only the statement that says the same reads this index, and reads no other one, whatever the planner
-- estimates of a table that was empty when it made its plan.
CREATE INDEX workspaces_pool ON workspaces (prebuild_preset_id)
    WHERE (owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT deleted) IS TRUE;
