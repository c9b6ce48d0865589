-- An autoscaler's role may ask for the one number and read no table (Config/sql/roles.sql). The function therefore reads
-- them as its owner, with a search path that no caller can bend.
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION stoker_scaling_signal() SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp',
        current_schema()
    );
END
$$;
REVOKE EXECUTE ON FUNCTION stoker_scaling_signal() FROM PUBLIC;
