-- What can be built: files, templates, versions, presets and their schedules.

CREATE TYPE provisioner_type AS ENUM ('terraform', 'process', 'echo');
CREATE TYPE prebuild_status AS ENUM ('healthy', 'hard_limited', 'validation_failed');

CREATE TABLE files (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    hash text NOT NULL,
    mimetype text NOT NULL DEFAULT 'application/x-tar',
    data bytea NOT NULL,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT files_hash_key UNIQUE (hash)
);

CREATE TABLE templates (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    name text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    icon text NOT NULL DEFAULT '',
    provisioner provisioner_type NOT NULL DEFAULT 'terraform',
    active_version_id uuid,
    deleted boolean NOT NULL DEFAULT false,
    deprecated text NOT NULL DEFAULT '',
    created_by uuid NOT NULL,
    max_concurrent_builds integer,
    prebuilds_paused_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX templates_organization_name_key ON templates (organization_id, lower(name)) WHERE NOT deleted;
CREATE INDEX templates_active_version ON templates (active_version_id) WHERE NOT deleted;

CREATE TABLE template_versions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    template_id uuid REFERENCES templates (id) ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    name text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    job_id uuid,
    file_id uuid,
    tags jsonb,
    created_by uuid NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX template_versions_template ON template_versions (template_id, created_at);
CREATE INDEX template_versions_job ON template_versions (job_id);

CREATE TABLE template_version_parameters (
    template_version_id uuid NOT NULL REFERENCES template_versions (id) ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    type text NOT NULL DEFAULT 'string',
    mutable boolean NOT NULL DEFAULT false,
    sensitive boolean NOT NULL DEFAULT false,
    default_value text NOT NULL DEFAULT '',
    required boolean NOT NULL DEFAULT true,
    options jsonb NOT NULL DEFAULT '[]',
    validation jsonb NOT NULL DEFAULT '{}',
    display_order integer NOT NULL DEFAULT 0,
    PRIMARY KEY (template_version_id, name)
);

CREATE TABLE template_version_agents (
    template_version_id uuid NOT NULL REFERENCES template_versions (id) ON DELETE CASCADE,
    name text NOT NULL,
    PRIMARY KEY (template_version_id, name)
);

CREATE TABLE template_version_presets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    template_version_id uuid NOT NULL REFERENCES template_versions (id) ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    icon text NOT NULL DEFAULT '',
    is_default boolean NOT NULL DEFAULT false,
    desired_instances integer,
    invalidate_after_secs integer DEFAULT 0,
    prebuild_status prebuild_status NOT NULL DEFAULT 'healthy',
    prebuild_status_message text NOT NULL DEFAULT '',
    failures_forgotten_before timestamptz,
    scheduling_timezone text NOT NULL DEFAULT '',
    last_invalidated_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT template_version_presets_name_key UNIQUE (template_version_id, name)
);

CREATE TABLE template_version_preset_parameters (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    template_version_preset_id uuid NOT NULL REFERENCES template_version_presets (id) ON DELETE CASCADE,
    name text NOT NULL,
    value text NOT NULL,
    CONSTRAINT template_version_preset_parameters_name_key UNIQUE (template_version_preset_id, name)
);

CREATE TABLE template_version_preset_prebuild_schedules (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    preset_id uuid NOT NULL REFERENCES template_version_presets (id) ON DELETE CASCADE,
    cron_expression text NOT NULL,
    desired_instances integer NOT NULL
);
CREATE INDEX template_version_preset_prebuild_schedules_preset ON template_version_preset_prebuild_schedules (preset_id);
