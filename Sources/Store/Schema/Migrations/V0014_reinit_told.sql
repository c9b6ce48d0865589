-- What an agent was sent, and what it is known to have heard, are two things: `reinit_build_id` now says the second. Programs
-- of the release before write it when they send, which is what they have always done.
ALTER TABLE workspace_agents ADD COLUMN reinit_sent_build_id uuid;
