-- Nearly all that ever belonged to the prebuilds' user is deleted. Taking the two for independent, the planner would expect
-- pools of a quarter of all workspaces, and read whole tables for them.
CREATE STATISTICS workspaces_owner_deleted (mcv) ON owner_id, deleted FROM workspaces;
